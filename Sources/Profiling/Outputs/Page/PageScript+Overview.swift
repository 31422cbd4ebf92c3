extension PageScript {
  /// The first page: figures, steps, phases, what takes the most time.
  static let overview = #"""
    function stepChart() {
      const width = 1200, height = 170, left = 64, bottom = 22, steps = D.steps;
      const most = Math.max(...steps.map((s) => s[2]), 1);
      const svg = svgNode('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'Time of each step'});
      const y = (v) => height - bottom - v / most * (height - bottom - 10), each = (width - left) / steps.length;
      for (let i = 0; i <= 3; i++) svg.append(svgNode('line', {x1: left, x2: width, y1: y(most * i / 3),
        y2: y(most * i / 3), stroke: 'var(--line)'}),
        svgNode('text', {x: left - 8, y: y(most * i / 3) + 4, 'text-anchor': 'end'}, time(most * i / 3)));
      const unusual = new Set(D.figures.outliers.map((o) => o[0]));
      steps.forEach((s, i) => {
        const wait = s.slice(4).reduce((a, b) => a + b, 0), other = Math.max(0, s[2] - s[3] - wait);
        let base = 0;
        const describe = (e) => showTip(e, `Step ${s[0]}`, [['takes', time(s[2])], ['in kernels', time(s[3])],
          ['waits', time(wait)], ['the rest', time(other)]]);
        for (const [value, fill] of [[s[3], unusual.has(s[0]) ? 'backward' : 'forward'], [wait, 'wait'], [other,
          'program']]) {
          if (value <= 0) continue;
          svg.append(svgNode('rect', {x: left + i * each + each * 0.08, width: Math.max(each * 0.84, 0.8),
            y: y(Math.min(base + value, most)), height: Math.max(y(base) - y(Math.min(base + value, most)), 0),
            fill: `var(--${fill})`, rx: 1.5, onmousemove: describe, onmouseleave: hideTip}));
          base += value;
        }
        if (i % Math.ceil(steps.length / 16) === 0) svg.append(svgNode('text', {x: left + (i + 0.5) * each,
          y: height - 6, 'text-anchor': 'middle'}, s[0]));
      });
      return svg;
    }
    function splitBar(parts, show) {
      const all = parts.reduce((a, p) => a + p[1], 0) || 1;
      return el('div', {}, el('div', {class: 'split'}, parts.filter((p) => p[1] > 0).map(([name, value,
        fill]) => el('div', {
        style: `flex:${value / all};background:var(--${fill})`, title: `${name}: ${show(value)}`},
          value / all > 0.2 ? `${name} ${percent(value / all)}` : ''))),
        el('div', {class: 'legend', style: 'margin-top:8px'}, parts.map(([name, value, fill]) => el('span', {},
          el('i', {style: `background:var(--${fill})`}), `${name} ${show(value)}`))));
    }
    function grouped(key) {
      const groups = new Map();
      for (const o of operations) {
        const name = key(o);
        const g = groups.get(name) || {name, us: 0, ops: 0, bytes: 0, params: 0, count: 0, phase: [0, 0, 0],
          missing: 0};
        g.us += o.us; g.ops += o.ops || 0; g.bytes += o.bytes; g.params += o.params; g.count++;
          g.phase[o.phase] += o.us;
        if (o.ops === null) g.missing++;
        groups.set(name, g);
      }
      return [...groups.values()];
    }
    const totalTime = operations.reduce((a, o) => a + o.us, 0) || 1;
    const groupColumns = (title) => [
      {title, value: (g) => g.name || '(none)', wide: true},
      {title: 'time', value: (g) => g.us, text: (g) => time(g.us), numeric: true, meter: (g) => g.us / totalTime},
      {title: 'share', value: (g) => g.us, text: (g) => percent(g.us / totalTime), numeric: true},
      {title: 'forward', value: (g) => g.phase[0], text: (g) => time(g.phase[0]), numeric: true},
      {title: 'backward', value: (g) => g.phase[1], text: (g) => time(g.phase[1]), numeric: true},
      {title: 'update', value: (g) => g.phase[2], text: (g) => time(g.phase[2]), numeric: true},
      {title: 'float operations', value: (g) => g.ops, text: (g) => count(g.ops) + (g.missing ? ' *' : ''),
        numeric: true},
      {title: 'bytes', value: (g) => g.bytes, text: (g) => bytes(g.bytes), numeric: true},
      {title: 'operations', value: (g) => g.count, numeric: true},
    ];
    function overviewView() {
      const f = D.figures, seconds = f.median / 1e6;
      const figure = (value, label) => el('div', {class: 'figure'}, el('b', {}, value), el('span', {}, label));
      const achieved = seconds > 0 ? f.operations / seconds : 0;
      const figures = [
        f.stepCount ? figure(time(f.median), `median step, ± ${time(f.deviation)} over ${f.stepCount}`) : null,
        figure(count(f.operations), 'float operations in a step'),
        achieved ? figure(rate(achieved, 'FLOP/s'),
          f.peak ? `${percent(achieved / f.peak)} of the measured peak` : 'reached') : null,
        figure(bytes(f.peakBytes), 'peak of memory'),
        f.parameters ? figure(count(f.parameters), 'trainable parameters') : null,
        f.tokens && seconds ? figure(count(f.tokens / seconds), 'tokens in a second')
          : f.examples && seconds ? figure(count(f.examples / seconds), 'examples in a second') : null,
        f.overhead !== null ? figure(percent(Math.max(0, f.overhead)), 'cost of recording') : null,
      ];
      const sum = (i) => D.steps.reduce((a, s) => a + s[i], 0), whole = sum(2), busy = sum(3);
      const waits = ['input', 'read', 'compile', 'record', 'collective'].map((n, i) => [n,
        sum(4 + i)]).filter((w) => w[1] > 0);
      const waited = waits.reduce((a, w) => a + w[1], 0);
      return [
        el('div', {class: 'figures'}, figures.filter(Boolean)),
        D.steps.length ? el('div', {class: 'card'}, el('h2', {}, 'Steps'), stepChart(),
          el('div', {class: 'legend', style: 'margin-top:8px'}, [['forward', 'kernels'], ['backward',
            'kernels of an unusual step'], ['wait', 'waits'], ['program', 'everything else']].map(([c,
            n]) => el('span', {}, el('i', {style: `background:var(--${c})`}), n))),
          f.outliers.length ? el('div', {class: 'hint'}, f.outliers.slice(0, 3).map(([step, us,
            why]) => el('div', {}, `Step ${step} took ${time(us)}: ` + why.slice(0, 3).map(([n,
            d]) => `${n} ${d > 0 ? '+' : '−'}${time(Math.abs(d))}`).join(', ')))) : null) : null,
        el('div', {class: 'grid'},
          el('div', {class: 'card'}, el('h2', {}, 'Where a step goes'), splitBar([['kernels', busy, 'forward'],
            ...waits.map(([n, v]) => ['waiting: ' + n, v, 'wait']), ['the rest', Math.max(0,
            whole - busy - waited), 'program']], (v) => time(v / Math.max(1, D.steps.length)))),
          el('div', {class: 'card'}, el('h2', {}, 'Time by phase'), splitBar(f.phases.map((v, i) => [phases[i],
            v, phases[i]]), time)),
          el('div', {class: 'card'}, el('h2', {}, 'Float operations by phase'),
            splitBar(f.phaseOperations.map((v, i) => [phases[i], v, phases[i]]), count))),
        el('div', {class: 'card'}, el('h2', {}, 'Kinds of operations'), sortable(groupColumns('kind'),
          grouped((o) => o.type), 1, 40)),
        el('div', {class: 'card'}, el('h2', {}, 'Source lines'), sortable(groupColumns('line'), grouped(lineOf),
          1, 40)),
        el('div', {class: 'card'}, el('h2', {}, 'What these numbers cover'), el('pre', {}, D.coverage)),
      ];
    }
    function operationsView() {
      return [el('div', {class: 'card'}, sortable([
        {title: 'operation', value: (o) => o.name, dot: (o) => phases[o.phase], wide: true}, {title: 'kind',
          value: (o) => o.type},
        {title: 'line', value: (o) => lineOf(o), text: (o) => place(lineOf(o)), hint: lineOf},
        {title: 'time', value: (o) => o.us, text: (o) => time(o.us), numeric: true,
          meter: (o) => o.us / (longest || 1)},
        {title: 'share', value: (o) => o.us, text: (o) => percent(o.us / totalTime), numeric: true},
        {title: 'float operations', value: (o) => o.ops, text: (o) => o.ops === null
          ? 'not counted' : count(o.ops), hint: (o) => o.reason, numeric: true},
        {title: 'requested', value: (o) => o.bytes, text: (o) => bytes(o.bytes), numeric: true},
        {title: 'parameters', value: (o) => o.params, text: (o) => count(o.params), numeric: true},
        {title: 'runs', value: (o) => o.runs, text: (o) => count(o.runs), numeric: true}, {title: 'result',
          value: (o) => o.shape}, {title: 'device', value: (o) => o.device},
      ], operations, 3)),
      D.predictions.length ? el('div', {class: 'card'}, el('h2', {}, 'Predicted and measured'), sortable([
        {title: 'operation', value: (p) => p[0], wide: true}, {title: 'kind', value: (p) => N[p[1]]},
          {title: 'predicted', value: (p) => p[2], text: (p) => time(p[2]), numeric: true},
        {title: 'measured', value: (p) => p[3], text: (p) => time(p[3]), numeric: true}, {title: 'ratio',
          value: (p) => p[4], text: (p) => fix(p[4]), numeric: true},
        {title: 'difference', value: (p) => Math.abs(p[3] - p[2]), text: (p) => time(Math.abs(p[3] - p[2])),
          numeric: true},
      ], D.predictions, 5)) : null].filter(Boolean);
    }
    const longest = operations.reduce((a, o) => Math.max(a, o.us), 0);
    function adviceView() {
      if (!D.advice.length) return [el('div', {class: 'card none'}, 'Nothing was found that could be better.')];
      const order = [...D.advice].sort((a, b) => (b.gain ?? -1) - (a.gain ?? -1));
      return [el('div', {class: 'hint', style: 'margin:0 0 12px'},
        'Advice is a guess until it has been tried.'), ...order.map((a) => el('div', {class: 'card advice'},
        el('div', {class: 'by'}, a.checker.replaceAll('_', ' ')), el('h2', {}, a.summary),
        el('dl', {}, a.evidence.map(([n, t]) => el('div', {}, el('dt', {}, n), el('dd', {}, t)))),
        a.places.length ? el('ul', {class: 'places'}, a.places.map((p) => el('li', {}, p))) : null,
        el('div', {class: 'try'}, `Try: ${a.proposal}.` + (a.gain !== null
          ? ` It saves at most ${percent(a.gain)} of a step.` : ''))))];
    }
    """#

  /// Puts the views together.
  static let start = #"""
    const views = [
      ['Overview', overviewView], ['Flame graph', flameView], ['Timeline', timelineView], ['Memory', memoryView],
      ['Roofline', rooflineView], ['Operations', operationsView], ['Advice', adviceView],
    ];
    $('title').textContent = D.title;
    $('subtitle').textContent = [D.figures.machine, `${D.figures.threads} threads`,
      `${D.operations.length} operations`].filter(Boolean).join(' · ');
    const tabs = views.map(([name], i) => el('button', {role: 'tab', id: 'tab' + i, 'aria-controls': 'view' + i,
      onclick: () => open(i)}, name,
      name === 'Advice' && D.advice.length ? el('span', {class: 'count'}, D.advice.length) : null));
    $('tabs').append(...tabs);
    const sections = views.map((_, i) => el('section', {id: 'view' + i, role: 'tabpanel',
      'aria-labelledby': 'tab' + i, hidden: ''}));
    $('main').append(...sections);
    function open(i) {
      // A view is made when it is first looked at.
      tabs.forEach((t, k) => { t.setAttribute('aria-selected', k === i); t.tabIndex = k === i ? 0 : -1 });
      sections.forEach((s, k) => { s.hidden = k !== i });
      if (!sections[i].childElementCount) sections[i].append(...views[i][1]().filter(Boolean));
      redraw();
      history.replaceState(null, '', '#' + views[i][0].toLowerCase().replace(' ', '-'));
    }
    $('tabs').addEventListener('keydown', (e) => {
      const i = tabs.indexOf(document.activeElement), to = e.key === 'ArrowRight'
        ? i + 1 : e.key === 'ArrowLeft' ? i - 1 : -1;
      if (tabs[to]) { open(to); tabs[to].focus(); e.preventDefault() }
    });
    $('search').addEventListener('input', (e) => { query = e.target.value.trim().toLowerCase(); redraw() });
    addEventListener('keydown', (e) => {
      if (/INPUT|SELECT/.test(e.target.tagName)) { if (e.key === 'Escape') e.target.blur(); return }
      if (e.key === '/') { $('search').focus(); e.preventDefault() }
      if (e.key >= '1' && e.key <= String(views.length)) open(+e.key - 1);
      if (e.key === 'Escape') hideTip();
    });
    function theme(dark) {
      document.documentElement.dataset.theme = dark ? 'dark' : 'light';
      $('theme').textContent = dark ? 'Light' : 'Dark';
      redraw();
    }
    const wanted = new URLSearchParams(location.search).get('theme');
    theme(wanted ? wanted === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches);
    $('theme').addEventListener('click', () => theme(document.documentElement.dataset.theme !== 'dark'));
    const asked = views.findIndex(([name]) => '#' + name.toLowerCase().replace(' ', '-') === location.hash);
    open(asked < 0 ? 0 : asked);
    """#
}
