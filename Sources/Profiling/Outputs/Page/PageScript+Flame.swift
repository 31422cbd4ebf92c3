extension PageScript {
  /// The flame graph: layers or calls, by time, operations, bytes or parameters. Boxes are buttons, so keys reach them.
  static let flame = #"""
    function treeOf(kind, measure) {
      const root = {name: D.title, value: 0, own: 0, phase: [0, 0, 0], children: new Map(), up: null, count: 0};
      for (const o of operations) {
        const value = measure(o);
        if (!(value > 0)) continue;
        const path = kind === 'layers' ? o.name.split('/')
          : (o.stack < 0 ? ['(no source line)'] : D.stacks[o.stack].map((i) => N[i]).reverse())
            .concat(o.phase ? ['(' + (o.phase === 1 ? 'gradient' : 'update') + ')'] : [], o.type);
        let node = root;
        const add = (n) => { n.value += value; n.phase[o.phase] += value; n.count++ };
        add(root);
        for (const part of path) {
          // Children stay in the order in which the program has them.
          if (!node.children.has(part)) node.children.set(part, {name: part, value: 0, own: 0, phase: [0, 0, 0],
            children: new Map(), up: node, count: 0});
          node = node.children.get(part);
          add(node);
        }
        node.own += value;
        node.operation = o;
      }
      return root;
    }
    const measures = {
      time: [(o) => o.us, time], 'float operations': [(o) => o.ops || 0, count],
        'requested bytes': [(o) => o.bytes, bytes],
      parameters: [(o) => o.params, count],
    };
    function flameView() {
      let kind = 'layers', measure = 'time', root, zoom;
      const area = el('div', {class: 'flame', role: 'tree', 'aria-label': 'Flame graph'});
      const path = el('span', {style: 'color:var(--soft)'});
      const pick = (label, values, set) => el('label', {}, label + ' ', el('select', {'aria-label': label,
        onchange: (e) => { set(e.target.value); build() }}, values.map((v) => el('option', {}, v))));
      function build() { root = treeOf(kind, measures[measure][0]); zoom = root; draw() }
      // A box of several phases shows each in proportion.
      function mix(node) {
        let at = 0;
        const parts = node.phase.map((v, i) => [v / (node.value || 1), phases[i]]).filter((p) => p[0] > 0.002);
        if (parts.length === 1) return `var(--${parts[0][1]})`;
        return 'linear-gradient(90deg,' + parts.map(([v, name], i) => {
          const from = at;
          at = i === parts.length - 1 ? 1 : at + v;
          return `var(--${name}) ${100 * from}% ${100 * at}%`;
        }).join() + ')';
      }
      function boxes() {
        const result = [];
        const above = [];
        for (let n = zoom.up; n; n = n.up) above.unshift(n);
        above.forEach((n, i) => result.push({node: n, x: 0, w: 1, depth: i, above: true}));
        (function walk(n, x, w, depth) {
          if (w < 0.0008) return;
          result.push({node: n, x, w, depth});
          let at = x;
          for (const child of n.children.values()) {
            const width = w * child.value / n.value;
            walk(child, at, width, depth + 1);
            at += width;
          }
        })(zoom, 0, 1, above.length);
        return result;
      }
      function draw() {
        const show = measures[measure][1];
        const list = zoom.value > 0 ? boxes() : [];
        const depth = list.reduce((d, b) => Math.max(d, b.depth), 0);
        area.style.height = (depth + 1) * 23 + 2 + 'px';
        area.replaceChildren(...list.map(({node, x, w, depth, above}) => {
          const label = `${node.name}, ${show(node.value)}, ${percent(node.value / root.value)}`;
          const describe = (e) => showTip(e, node.name, [
            [measure, show(node.value)], ['of all', percent(node.value / root.value)],
              node.own && node.own !== node.value ? ['its own', show(node.own)] : null,
            ['forward', show(node.phase[0])], ['backward', show(node.phase[1])], ['update',
              show(node.phase[2])], ['operations', node.count],
            node.operation && node.children.size === 0 ? ['shape', node.operation.shape] : null,
            node.operation && node.children.size === 0 && lineOf(node.operation) ? ['line',
              lineOf(node.operation)] : null,
          ]);
          return el('button', {
            role: 'treeitem', 'aria-label': label, 'aria-level': depth + 1,
            class: (above ? 'above ' : '') + (query && !matches(node.name) ? 'faded ' : '') + (w < 0.02
              ? 'thin' : ''),
            style: `left:${100 * x}%;width:calc(${100 * w}% - 1px);top:${depth * 23}px;background:${mix(node)}`,
            onclick: () => { zoom = node; hideTip(); draw(); const first = area.querySelector('[data-zoom]');
              if (first) first.focus() },
            onmousemove: describe, onmouseleave: hideTip, onfocus: describe, onblur: hideTip,
            'data-zoom': node === zoom ? '' : null,
          }, w < 0.02 ? '' : `${node.name}  ${show(node.value)}`);
        }));
        if (!list.length) area.replaceChildren(el('div', {class: 'none'}, 'Nothing was measured.'));
        const names = [];
        for (let n = zoom; n; n = n.up) names.unshift(n.name);
        path.textContent = names.join(' › ');
      }
      area.addEventListener('keydown', (e) => {
        const all = [...area.children], i = all.indexOf(document.activeElement);
        if (e.key === 'ArrowRight' && all[i + 1]) { all[i + 1].focus(); e.preventDefault() }
        if (e.key === 'ArrowLeft' && all[i - 1]) { all[i - 1].focus(); e.preventDefault() }
        if (e.key === 'Escape' && zoom.up) { zoom = zoom.up; draw(); e.preventDefault() }
      });
      redraws.push(draw);
      build();
      return [el('div', {class: 'card'},
        el('div', {class: 'tools'},
          pick('By', ['layers', 'calls'], (v) => { kind = v }), pick('of', Object.keys(measures), (v) => {
            measure = v }),
          el('button', {onclick: () => { zoom = root; draw() }}, 'All'), path, el('span', {class: 'space'}),
            legend(phases.slice(0, 3))),
        area, el('div', {class: 'hint'}, 'Choose a box to enlarge it. ', el('kbd', {}, '←'), ' ', el('kbd', {},
          '→'), ' move, ', el('kbd', {}, 'Enter'), ' enlarges, ', el('kbd', {}, 'Esc'), ' goes back.'))];
    }
    """#
}
