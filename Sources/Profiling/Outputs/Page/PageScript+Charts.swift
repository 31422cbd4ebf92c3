extension PageScript {
  /// Live memory over the steps that the page has, and who holds it at the peak.
  static let memory = #"""
    function memoryView() {
      const m = D.memory;
      if (!m || !m.peak) return [el('div', {class: 'card none'}, 'No memory was recorded.')];
      const width = 1200, height = 240, left = 70, bottom = 24;
      const peakAt = Math.max(0, D.traces.findIndex((t) => t.step === m.peakStep));
      const holder = el('div');
      const chart = (which) => {
        const trace = D.traces[which];
        const flat = m.curves[which], points = [];
        for (let i = 0; i < flat.length; i += 2) points.push([flat[i], flat[i + 1]]);
        const most = points.reduce((a, p) => Math.max(a, p[1]), 0) || 1;
        const x = (t) => left + t / trace.length * (width - left),
          y = (b) => height - bottom - b / most * (height - bottom - 16);
        let path = '';
        points.forEach(([t, b], i) => {
          path += i ? `H${fix(x(t), 1)}V${fix(y(b), 1)}` : `M${fix(x(t), 1)} ${fix(y(b), 1)}` });
        if (points.length) path += `H${width}`;
        const top = points.find((p) => p[1] === most) || [0, 0];
        const svg = svgNode('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img',
          'aria-label': `Live memory in step ${trace.step}, at most ${bytes(most)}`});
        for (let i = 0; i <= 4; i++) {
          const value = most * i / 4;
          svg.append(svgNode('line', {x1: left, x2: width, y1: y(value), y2: y(value), stroke: 'var(--line)'}),
            svgNode('text', {x: left - 8, y: y(value) + 4, 'text-anchor': 'end'}, bytes(value)),
            svgNode('text', {x: x(trace.length * i / 4), y: height - 6, 'text-anchor': i === 4
              ? 'end' : 'middle'}, time(trace.length * i / 4)));
        }
        svg.append(svgNode('path', {d: path + `V${y(0)}H${points.length ? fix(x(points[0][0]), 1) : left}Z`,
          fill: 'var(--forward)', opacity: 0.18}),
          svgNode('path', {d: path, fill: 'none', stroke: 'var(--forward)', 'stroke-width': 1.6}),
          svgNode('circle', {cx: x(top[0]), cy: y(top[1]), r: 4.5, fill: 'var(--warn)'}));
        const cursor = svgNode('line', {y1: 10, y2: height - bottom, stroke: 'var(--soft)',
          'stroke-dasharray': '3 3', visibility: 'hidden'});
        svg.append(cursor);
        svg.addEventListener('mousemove', (e) => {
          const box = svg.getBoundingClientRect(), t = Math.max(0,
            ((e.clientX - box.left) / box.width * width - left) / (width - left) * trace.length);
          let live = 0;
          for (const p of points) { if (p[0] > t) break; live = p[1] }
          cursor.setAttribute('x1', x(t)); cursor.setAttribute('x2', x(t)); cursor.setAttribute('visibility',
            'visible');
          showTip(e, bytes(live), [['at', time(t)], ['of the peak', percent(live / most)]]);
        });
        svg.addEventListener('mouseleave', () => { hideTip(); cursor.setAttribute('visibility', 'hidden') });
        holder.replaceChildren(svg);
      };
      if (D.traces.length) chart(peakAt);
      const unused = m.fragmentation === null ? '' : `; of what was reserved ${percent(m.fragmentation)} is unused`;
      const list = (title, rows) => el('div', {class: 'card'}, el('h2', {}, title), sortable([
        {title: 'name', value: (r) => r[0], wide: true},
        {title: 'bytes', value: (r) => r[1], text: (r) => bytes(r[1]), numeric: true, meter: (r) => r[1] / m.peak},
        {title: 'share', value: (r) => r[1] / m.peak, text: (r) => percent(r[1] / m.peak), numeric: true},
      ], rows, 1, 100));
      return [el('div', {class: 'card'}, el('div', {class: 'tools'}, el('h2', {style: 'margin:0'},
        `Live memory: at most ${bytes(m.peak)}${unused}`), el('span', {class: 'space'}),
          el('label', {}, 'Step ', el('select', {'aria-label': 'Step', onchange: (e) => chart(+e.target.value)},
            D.traces.map((t, i) => el('option', {value: i, selected: i === peakAt ? '' : null}, t.step))))), holder),
        el('div', {class: 'grid'}, list('Held at the peak, by what it is for', m.byKind), list('By layer',
          m.byLayer)),
        el('div', {class: 'grid'}, list('By source line', m.byLine), list('By result or variable', m.holders))];
    }
    """#

  /// Kernels against the measured peaks, both axes logarithmic.
  static let roofline = #"""
    function rooflineView() {
      const r = D.roofline;
      const points = r.points.map((p) => ({name: p[0], layer: N[p[1]], line: N[p[2]], intensity: p[3],
        ops: p[4], traffic: p[5],
        us: p[6], wasted: p[7], achieved: p[8], bound: N[p[9]], above: p[10], counted: p[11]}));
      if (!points.length) return [el('div', {class: 'card none'}, 'No kernel was measured.')];
      const drawn = points.filter((p) => p.intensity > 0 && p.ops > 0);
      const width = 1100, height = 420, left = 86, bottom = 40;
      const svg = svgNode('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'Roofline'});
      const log = Math.log10, peaks = r.peaks, bands = r.bandwidths;
      const xs = drawn.map((p) => p.intensity).concat(peaks.flatMap((p) => bands.map((b) => p[1] / b[1])));
      const ys = drawn.map((p) => p.ops).concat(peaks.map((p) => p[1]));
      if (xs.length) {
        const x0 = Math.floor(log(Math.min(...xs)) - 0.3), x1 = Math.ceil(log(Math.max(...xs)) + 0.3);
        const y0 = Math.floor(log(Math.min(...ys)) - 0.2), y1 = Math.ceil(log(Math.max(...ys)) + 0.1);
        const x = (v) => left + (log(v) - x0) / (x1 - x0) * (width - left - 10);
        const y = (v) => height - bottom - (log(v) - y0) / (y1 - y0) * (height - bottom - 12);
        for (let e = x0; e <= x1; e++) svg.append(svgNode('line', {x1: x(10 ** e), x2: x(10 ** e), y1: 10,
          y2: height - bottom, stroke: 'var(--line)'}),
          svgNode('text', {x: x(10 ** e), y: height - bottom + 16, 'text-anchor': 'middle'},
            e < 0 ? (10 ** e).toFixed(-e) : String(10 ** e)));
        for (let e = y0; e <= y1; e++) svg.append(svgNode('line', {x1: left, x2: width - 10, y1: y(10 ** e),
          y2: y(10 ** e), stroke: 'var(--line)'}),
          svgNode('text', {x: left - 8, y: y(10 ** e) + 4, 'text-anchor': 'end'}, rate(10 ** e,
            '').replace('.00', '')));
        svg.append(svgNode('text', {x: (left + width) / 2, y: height - 4, 'text-anchor': 'middle'},
          'float operations for each byte'),
          svgNode('text', {x: 14, y: height / 2, 'text-anchor': 'middle',
            transform: `rotate(-90 14 ${height / 2})`}, 'float operations per second'));
        const highest = Math.max(...peaks.map((p) => p[1]), 10 ** y0);
        // Where two peaks are near, the lower has its name below the line.
        const isCrowded = (v) => peaks.some((p) => p[1] > v && y(v) - y(p[1]) < 15);
        for (const [label, value] of peaks) svg.append(
          svgNode('line', {x1: x(Math.max(value / Math.max(...bands.map((b) => b[1]), 1), 10 ** x0)),
            x2: width - 10, y1: y(value), y2: y(value), stroke: 'var(--backward)', 'stroke-width': 1.6}),
          svgNode('text', {x: width - 14, y: y(value) + (isCrowded(value) ? 15 : -6), 'text-anchor': 'end'},
            `${label}: ${rate(value, 'FLOP/s')}`));
        bands.forEach(([label, value], i) => {
          const end = Math.min(highest / value, 10 ** x1), start = Math.max(10 ** y0 / value, 10 ** x0);
          if (!(end > start)) return;
          svg.append(svgNode('line', {x1: x(start), y1: y(start * value), x2: x(end), y2: y(end * value),
            stroke: 'var(--accent)', 'stroke-width': 1.4}));
          const mid = start * (end / start) ** (0.12 + 0.16 * i),
            slope = -Math.atan2(y(start * value) - y(end * value), x(end) - x(start)) * 180 / Math.PI;
          svg.append(svgNode('text', {x: x(mid), y: y(mid * value) - 6,
            transform: `rotate(${slope} ${x(mid)} ${y(mid * value) - 6})`}, `${label}: ${rate(value, 'B/s')}`));
        });
        const most = Math.max(...drawn.map((p) => p.us), 1e-9);
        for (const p of [...drawn].sort((a, b) => b.us - a.us)) {
          const describe = (e) => showTip(e, p.name, [['time in a step', time(p.us)], ['beyond the least',
            time(p.wasted)], ['reached', p.achieved === null ? '?' : percent(p.achieved)],
            ['speed', rate(p.ops, 'FLOP/s')], ['traffic', rate(p.traffic, 'B/s')], ['operations per byte',
              fix(p.intensity)], ['bound by', p.bound], p.layer && ['layer', p.layer], p.line && ['line', p.line]]);
          svg.append(svgNode('circle', {cx: x(p.intensity), cy: y(p.ops), r: 3.5 + 12 * Math.sqrt(p.us / most),
            tabindex: 0, 'aria-label': p.name,
            fill: p.above ? 'var(--warn)' : p.bound === 'arithmetic' ? 'var(--backward)' : 'var(--forward)',
              opacity: 0.72, stroke: 'var(--card)',
            onmousemove: describe, onmouseleave: hideTip, onfocus: describe, onblur: hideTip}));
        }
      }
      const above = points.filter((p) => p.above);
      return [el('div', {class: 'card'}, el('div', {class: 'tools'}, el('h2', {style: 'margin:0'},
        'Kernels against measured peaks'), el('span', {class: 'space'}),
          el('div', {class: 'legend'}, el('span', {}, el('i', {style: 'background:var(--backward)'}),
            'bound by arithmetic'), el('span', {}, el('i', {style: 'background:var(--forward)'}),
            'bound by memory'), el('span', {}, el('i', {style: 'background:var(--warn)'}), 'above its roof'))),
          drawn.length ? svg : el('div', {class: 'none'}, 'No kernel computes floating-point numbers.'),
          above.length ? el('p', {class: 'warn'},
            `${above.length} kernels seem faster than the machine can be: a count, a time or a peak is wrong.`) : null,
          el('div', {class: 'hint'}, 'The size of a point is its time in a step.')),
        el('div', {class: 'card'}, el('h2', {}, 'Time beyond the least possible'), sortable([
          {title: 'kernel', value: (p) => p.name, wide: true}, {title: 'layer', value: (p) => p.layer, wide: true},
          {title: 'line', value: (p) => p.line, text: (p) => place(p.line), hint: (p) => p.line},
          {title: 'time', value: (p) => p.us, text: (p) => time(p.us), numeric: true},
          {title: 'beyond the least', value: (p) => p.wasted, text: (p) => time(p.wasted), numeric: true,
            meter: (p) => p.us ? p.wasted / p.us : 0},
          {title: 'reached', value: (p) => p.achieved, text: (p) => p.achieved === null
            ? '?' : percent(p.achieved), numeric: true},
          {title: 'FLOP/byte', value: (p) => p.intensity, text: (p) => p.counted
            ? fix(p.intensity) : 'not counted', numeric: true},
          {title: 'speed', value: (p) => p.ops || p.traffic, text: (p) => p.ops ? rate(p.ops,
            'FLOP/s') : rate(p.traffic, 'B/s'), numeric: true},
          {title: 'bound by', value: (p) => p.bound},
        ], points, 4))];
    }
    """#
}
