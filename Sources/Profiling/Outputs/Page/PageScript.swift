/// The program of the page.
enum PageScript {
  /// All parts in the order in which they need one another.
  static let all = [base, table, flame, timeline, memory, roofline, overview, start].joined(separator: "\n")

  /// Helpers, units, colors, the tooltip.
  static let base = #"""
    'use strict';
    const D = JSON.parse(document.getElementById('data').textContent), N = D.names;
    const $ = (id) => document.getElementById(id);
    const phases = ['forward', 'backward', 'update', 'wait', 'program'];
    const color = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
    const fix = (v, d = 2) => v.toFixed(d);
    const scaled = (v, steps, units, d = 2) => {
      for (let i = 0; i < steps.length; i++) if (Math.abs(v) >= steps[i]) return fix(v / steps[i], d) + units[i];
      return (Number.isInteger(v) ? v : fix(v, d)) + units[steps.length];
    };
    const time = (us) => us === 0 ? '0 µs' : Math.abs(us) < 1 ? fix(us * 1000, 0) + ' ns'
      : scaled(us, [1e6, 1e3], [' s', ' ms', ' µs']);
    const bytes = (v) => scaled(v, [1e9, 1e6, 1e3], [' GB', ' MB', ' kB', ' B']);
    const count = (v) => scaled(v, [1e12, 1e9, 1e6, 1e3], [' T', ' G', ' M', ' k', '']);
    const rate = (v, unit) => scaled(v, [1e12, 1e9, 1e6, 1e3], [' T', ' G', ' M', ' k', ' ']) + unit;
    const percent = (v) => fix(100 * v, v < 0.1 ? 2 : 1) + ' %';
    function el(tag, attributes, ...children) {
      const node = document.createElement(tag);
      for (const [key, value] of Object.entries(attributes || {})) {
        if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
        else if (key === 'style') node.style.cssText = value;
        else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value);
      }
      for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
      return node;
    }
    const svgNode = (tag, attributes, ...children) => {
      const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
      for (const [key, value] of Object.entries(attributes || {})) {
        if (key.startsWith('on')) node.addEventListener(key.slice(2), value); else node.setAttribute(key, value);
      }
      node.append(...children);
      return node;
    };
    const tip = $('tip');
    function showTip(event, title, rows) {
      tip.replaceChildren(el('b', {}, title), el('dl', {}, rows.filter(Boolean).flatMap(([k, v]) => [el('dt',
        {}, k), el('dd', {}, v)])));
      tip.hidden = false;
      const box = event.target.getBoundingClientRect ? event.target.getBoundingClientRect() : {left: 0, bottom: 0};
      const x = event.clientX || box.left, y = event.clientY || box.bottom;
      tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - tip.offsetWidth - 10)) + 'px';
      tip.style.top = (y + 18 + tip.offsetHeight > innerHeight ? Math.max(8, y - tip.offsetHeight - 12) : y
        + 18) + 'px';
    }
    const hideTip = () => { tip.hidden = true };
    let query = '';
    const matches = (text) => query !== '' && text.toLowerCase().includes(query);
    const operations = D.operations.map((o) => ({
      name: o[0], type: N[o[1]], stack: o[2], phase: o[3], device: N[o[4]], us: o[5], ops: o[6], bytes: o[7],
      params: o[8], runs: o[9], shape: N[o[10]], reason: o[11] === null ? '' : N[o[11]], traffic: o[12],
    }));
    const lineOf = (o) => o.stack < 0 || !D.stacks[o.stack].length ? '' : N[D.stacks[o.stack][0]];
    const place = (line) => line.split(':').slice(0, 2).join(':');
    const legend = (names) => el('div', {class: 'legend'}, names.map((n) => el('span', {}, el('i',
      {style: `background:var(--${n})`}), n)));
    const redraws = [];
    const redraw = () => redraws.forEach((f) => f());
    """#

  /// Tables that sort by any column and follow the search.
  static let table = #"""
    // columns: [{title, value(row), text(row)?, numeric?, meter?(row)}]
    function sortable(columns, rows, first, limit = 400) {
      let by = first, descending = columns[first].numeric === true;
      const body = el('tbody'), note = el('div', {class: 'hint'});
      const heads = columns.map((c, i) => el('th', {class: c.numeric ? 'n' : '', scope: 'col'}, el('button', {
        onclick: () => { if (by === i) descending = !descending; else { by = i; descending = !!c.numeric } fill() },
      }, c.title)));
      function fill() {
        const key = columns[by].value;
        const shown = rows.filter((r) => query === '' || columns.some((c) => matches(String(c.value(r)))));
        shown.sort((a, b) => {
          const x = key(a), y = key(b);
          const order = typeof x === 'number' || typeof y === 'number'
            ? (x ?? -1) - (y ?? -1) : String(x).localeCompare(String(y));
          return descending ? -order : order;
        });
        heads.forEach((h, i) => {
          h.setAttribute('aria-sort', i !== by ? 'none' : descending ? 'descending' : 'ascending');
          h.firstChild.textContent = columns[i].title + (i === by ? (descending ? ' ↓' : ' ↑') : '');
        });
        body.replaceChildren(...shown.slice(0, limit).map((r) => el('tr', {}, columns.map((c) => {
          const cell = el('td', {class: c.numeric ? 'n' : c.wide ? 'w' : '', title: c.hint ? c.hint(r) : null});
          if (c.dot) cell.append(el('span', {class: 'dot', style: `background:var(--${c.dot(r)})`}));
          if (c.meter) cell.append(el('span', {class: 'meter', 'aria-hidden': 'true'}, el('i',
            {style: `width:${Math.min(100, 100 * c.meter(r))}%`})));
          const text = c.text ? c.text(r) : String(c.value(r));
          cell.append(c.meter ? el('span', {class: 'value'}, text) : text);
          return cell;
        }))));
        note.textContent = shown.length > limit
          ? `The first ${limit} of ${shown.length} rows; search to narrow them.` : `${shown.length} rows`;
      }
      redraws.push(fill);
      fill();
      return el('div', {}, el('div', {class: 'scroll', tabindex: 0}, el('table', {}, el('thead', {}, el('tr',
        {}, heads)), body)), note);
    }
    """#
}
