extension PageScript {
  /// The timeline: waits, programs and the kernels of each thread, drawn on a canvas that zooms and moves.
  static let timeline = #"""
    function timelineView() {
      if (!D.traces.length) return [el('div', {class: 'card none'}, 'No step was recorded.')];
      const middle = [...D.traces].sort((a, b) => a.length - b.length)[Math.floor((D.traces.length - 1) / 2)];
      let trace = middle, from = 0, to = trace.length, chosen = -1, lanes = [];
      const canvas = el('canvas', {tabindex: 0, role: 'img',
        'aria-label': 'Timeline; arrow keys move, plus and minus zoom'});
      const detail = el('div', {class: 'hint', 'aria-live': 'polite'});
      const laneHeight = 24, top = 26, left = 92;
      // Kernels of one layer and phase that follow one another, as a track of their own.
      function addLayers() {
        if (trace.hasLayers) return;
        trace.hasLayers = true;
        let last = null;
        for (const s of trace.spans.filter((s) => s[0] === 1 && s[5] >= 0).sort((a, b) => a[2] - b[2])) {
          const parts = operations[s[5]].name.split('/'), layer = parts.slice(0, Math.min(2,
            parts.length - 1)).join('/');
          if (last && last.layer === layer && last[4] === s[4]) { last[3] = s[2] + s[3] - last[2]; continue }
          if (!layer) { last = null; continue }
          last = [0.5, N.push(layer) - 1, s[2], s[3], s[4], -1];
          last.layer = layer;
          trace.spans.push(last);
        }
      }
      function prepare() {
        // Spans of a track that overlap, such as a program within a wait, go to rows of their own.
        lanes = [];
        addLayers();
        const tracks = [...new Set(trace.spans.map((s) => s[0]))].sort((a, b) => a - b);
        for (const track of tracks) {
          const rows = [];
          const spans = trace.spans.map((s, i) => [s, i]).filter(([s]) => s[0] === track).sort((a,
            b) => a[0][2] - b[0][2] || b[0][3] - a[0][3]);
          for (const [span, index] of spans) {
            let row = rows.findIndex((r) => r.end <= span[2] + 1e-9);
            if (row < 0) { rows.push({end: 0, spans: []}); row = rows.length - 1 }
            rows[row].end = span[2] + span[3];
            rows[row].spans.push(index);
          }
          rows.forEach((r, i) => lanes.push({label: i ? '' : track === 0 ? 'program' : track === 0.5
            ? 'layers' : 'thread ' + (track - 1), spans: r.spans}));
        }
        from = 0; to = trace.length; chosen = -1;
      }
      const x = (t) => left + (t - from) / (to - from) * (canvas.clientWidth - left);
      const at = (px) => from + (px - left) / (canvas.clientWidth - left) * (to - from);
      function tick(span) {
        const raw = span / 8, power = 10 ** Math.floor(Math.log10(raw));
        return [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
      }
      function draw() {
        const width = canvas.clientWidth;
        if (!width) return;
        const height = top + lanes.length * (laneHeight + 3) + 8, ratio = devicePixelRatio || 1;
        canvas.width = width * ratio; canvas.height = height * ratio; canvas.style.height = height + 'px';
        const c = canvas.getContext('2d');
        c.scale(ratio, ratio);
        const ink = color('ink'), soft = color('soft'), faint = color('faint'), line = color('line');
        const fills = phases.map(color), onFill = color('onfill');
        c.font = '11.5px system-ui, "DejaVu Sans", sans-serif'; c.textBaseline = 'middle';
        const step = tick(to - from);
        c.textAlign = 'center';
        for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
          c.fillStyle = line; c.fillRect(Math.round(x(t)), top - 4, 1, height);
          c.fillStyle = soft; c.fillText(time(+t.toPrecision(6)), Math.min(Math.max(x(t), left + 16),
            width - 26), 10);
        }
        c.textAlign = 'left';
        lanes.forEach((lane, row) => {
          const y = top + row * (laneHeight + 3);
          c.fillStyle = soft; c.fillText(lane.label, 2, y + laneHeight / 2);
          c.fillStyle = faint; c.globalAlpha = 0.5; c.fillRect(left, y, width - left, laneHeight); c.globalAlpha = 1;
          let lastPixel = -1;
          for (const index of lane.spans) {
            const s = trace.spans[index], a = x(s[2]), b = x(s[2] + s[3]);
            if (b < left || a > width) continue;
            const x0 = Math.max(a, left), w = Math.max(Math.min(b, width) - x0, 1);
            // Of spans narrower than a pixel only the first is drawn.
            if (w <= 1 && Math.floor(x0) === lastPixel && index !== chosen) continue;
            lastPixel = Math.floor(x0);
            const name = N[s[1]];
            c.globalAlpha = query && !matches(name) ? 0.25 : 1;
            c.fillStyle = fills[s[4]];
            c.fillRect(x0, y, w > 3 ? w - 0.7 : w, laneHeight);
            if (index === chosen) { c.strokeStyle = ink; c.lineWidth = 2; c.strokeRect(x0 + 1, y + 1,
              Math.max(w - 2, 1), laneHeight - 2) }
            if (w > 22) {
              c.save(); c.beginPath(); c.rect(x0 + 4, y, w - 8, laneHeight); c.clip();
              // Where a path is too long, its end says more than its beginning.
              const label = c.measureText(name).width > w - 8 ? name.split('/').pop() : name;
              c.fillStyle = onFill; c.fillText(label, x0 + 5, y + laneHeight / 2 + 0.5); c.restore();
            }
            c.globalAlpha = 1;
          }
        });
      }
      function rows(s) {
        const o = s[5] >= 0 ? operations[s[5]] : null;
        return [['starts at', time(s[2])], ['takes', time(s[3])], ['of the step', percent(s[3] / trace.length)],
          ['kind', phases[s[4]]], o && ['operation', o.name], o && lineOf(o) ? ['line', lineOf(o)] : null,
          o && o.ops ? ['float operations', count(o.ops)] : null, o ? ['result', o.shape] : null];
      }
      function find(e) {
        const box = canvas.getBoundingClientRect(), px = e.clientX - box.left;
        const lane = lanes[Math.floor((e.clientY - box.top - top) / (laneHeight + 3))];
        if (!lane || px < left) return -1;
        const t = at(px), slack = (to - from) / (canvas.clientWidth - left);
        const hit = lane.spans.filter((i) => trace.spans[i][2] <= t + slack && trace.spans[i][2]
          + trace.spans[i][3] >= t - slack);
        return hit.length ? hit.reduce((a, b) => Math.abs(trace.spans[a][2]
          + trace.spans[a][3] / 2 - t) < Math.abs(trace.spans[b][2] + trace.spans[b][3] / 2 - t) ? a : b) : -1;
      }
      function window(a, b) {
        const size = Math.min(Math.max(b - a, trace.length / 20000), trace.length);
        from = Math.min(Math.max(a, 0), trace.length - size); to = from + size; draw();
      }
      const zoom = (factor, center = (from + to) / 2) => window(center - (center - from) * factor,
        center + (to - center) * factor);
      function select(index) {
        chosen = index;
        if (index >= 0) {
          const s = trace.spans[index];
          if (s[2] < from || s[2] + s[3] > to) window(s[2] + s[3] / 2 - (to - from) / 2,
            s[2] + s[3] / 2 + (to - from) / 2);
          detail.textContent = N[s[1]] + ' · ' + rows(s).filter(Boolean).map(([k, v]) => `${k} ${v}`).join(' · ');
        }
        draw();
      }
      let drag = null;
      canvas.addEventListener('wheel', (e) => { e.preventDefault(); if (e.shiftKey) {
        const d = (to - from) * e.deltaY / 800; window(from + d, to + d) } else zoom(e.deltaY > 0 ? 1.25 : 0.8,
        at(e.offsetX)) }, {passive: false});
      canvas.addEventListener('pointerdown', (e) => { drag = [e.clientX, from, to];
        canvas.setPointerCapture(e.pointerId) });
      canvas.addEventListener('pointerup', (e) => { if (drag && Math.abs(e.clientX - drag[0]) < 4) select(find(
        e)); drag = null });
      canvas.addEventListener('pointermove', (e) => {
        if (drag) { const d = (drag[0] - e.clientX) / (canvas.clientWidth - left) * (drag[2] - drag[1]);
          window(drag[1] + d, drag[2] + d); return }
        const i = find(e);
        if (i < 0) hideTip(); else showTip(e, N[trace.spans[i][1]], rows(trace.spans[i]));
      });
      canvas.addEventListener('pointerleave', hideTip);
      canvas.addEventListener('keydown', (e) => {
        const d = (to - from) / 6, order = lanes.flatMap((l) => l.spans);
        const keys = {
          ArrowLeft: () => window(from - d, to - d), ArrowRight: () => window(from + d, to + d),
            '+': () => zoom(0.7), '=': () => zoom(0.7),
          '-': () => zoom(1.4), '0': () => window(0, trace.length), n: () => select(order[(order.indexOf(chosen)
            + 1) % order.length]),
          p: () => select(order[(order.indexOf(chosen) + order.length - 1) % order.length]),
        };
        if (keys[e.key]) { keys[e.key](); e.preventDefault() }
      });
      new ResizeObserver(draw).observe(canvas);
      redraws.push(draw);
      prepare();
      return [el('div', {class: 'card'},
        el('div', {class: 'tools'},
          el('label', {}, 'Step ', el('select', {'aria-label': 'Step', onchange: (e) => {
            trace = D.traces[e.target.value]; prepare(); draw() }},
            D.traces.map((t, i) => el('option', {value: i, selected: t === middle ? '' : null},
              `${t.step} (${time(t.length)})`)))),
          el('button', {onclick: () => zoom(0.6), 'aria-label': 'Zoom in'}, '+'), el('button',
            {onclick: () => zoom(1.6), 'aria-label': 'Zoom out'}, '−'),
          el('button', {onclick: () => window(0, trace.length)}, 'All'), el('span', {class: 'space'}),
            legend(phases)),
        canvas, detail,
        el('div', {class: 'hint'}, 'The wheel zooms, dragging moves. Keys: ', ...['←', '→', '+', '−', '0', 'n',
          'p'].flatMap((k) => [el('kbd', {}, k), ' ']), '(next and previous kernel).'))];
    }
    """#
}
