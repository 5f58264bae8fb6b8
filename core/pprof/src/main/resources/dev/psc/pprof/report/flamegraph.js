(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const by = (id) => document.getElementById(id);
  const canvas = by("canvas"), flame = by("flame"), tip = by("tip"), search = by("search");
  const types = data.types;
  const ROW = 21, PAD = 10;

  // ---- trees: nodes come parents first, so every pass over one is a plain loop ----
  // Own values are what no drawn child has: those of a node and of the tiny frames left out below it.
  const base = { parent: data.parent, frame: data.frame, self: data.self, total: data.total, weight: data.weight };
  base.own = base.total.map((total) => {
    const own = Float64Array.from(total);
    for (let n = 1; n < own.length; n++) own[base.parent[n]] -= total[n];
    return own;
  });
  function growing(frame) {
    const tree = { parent: [0], frame: [frame], side: [0], own: types.map(() => [0]) }, known = new Map();
    tree.child = (parent, of, side) => {
      const key = (parent * 2 + (side < 0 ? 1 : 0)) * data.names.length + of;
      let node = known.get(key);
      if (node === undefined) {
        known.set(key, (node = tree.parent.length));
        tree.parent.push(parent);
        tree.frame.push(of);
        tree.side.push(side);
        tree.own.forEach((own) => own.push(0));
      }
      return node;
    };
    tree.add = (node, from, n) => types.forEach((_, t) => (tree.own[t][node] += from[t][n]));
    return tree;
  }
  function summed(tree) {
    const sum = (own) => {
      const sums = Float64Array.from(own);
      // Callers in a sandwich have the values of its function, not the function theirs.
      for (let n = sums.length - 1; n > 0; n--) if (!tree.side || tree.parent[n] || tree.side[n] > 0) sums[tree.parent[n]] += sums[n];
      return sums;
    };
    tree.total = tree.own.map(sum);
    tree.self = tree.own;
    if (data.weight) tree.weight = tree.own.map((own) => sum(Float64Array.from(own, Math.abs)));
    return tree;
  }
  function labelled(tree, slice) {
    const own = types.map(() => new Float64Array(tree.parent.length));
    slice.nodes.forEach((n, i) => types.forEach((_, t) => (own[t][n] = slice.self[t][i])));
    return summed({ parent: tree.parent, frame: tree.frame, own });
  }
  function folded(tree, prefix) {
    const kept = growing(tree.frame[0]), at = new Int32Array(tree.parent.length);
    for (let n = 0; n < at.length; n++) {
      const up = at[tree.parent[n]];
      at[n] = n && packageOf(data.names[tree.frame[n]]) === prefix ? kept.child(up, tree.frame[n], 1) : up;
      kept.add(at[n], tree.own, n);
    }
    return summed(kept);
  }
  function inverted(tree) {
    const callers = growing(tree.frame[0]);
    for (let n = 1; n < tree.parent.length; n++) {
      if (!tree.own.some((own) => own[n])) continue;
      let node = 0;
      for (let up = n; up; up = tree.parent[up]) node = callers.child(node, tree.frame[up], 1);
      callers.add(node, tree.own, n);
    }
    return summed(callers);
  }
  function sandwich(tree, frame) {
    const both = growing(frame), at = new Int32Array(tree.parent.length).fill(-1);
    for (let n = 1; n < at.length; n++) {
      const up = at[tree.parent[n]];
      if (up >= 0) {
        at[n] = both.child(up, tree.frame[n], 1);
      } else if (tree.frame[n] === frame) {
        at[n] = 0;
        let caller = 0;
        for (let p = tree.parent[n]; p; p = tree.parent[p]) caller = both.child(caller, tree.frame[p], -1);
        if (caller) both.add(caller, tree.total, n);
      }
      if (at[n] >= 0) both.add(at[n], tree.own, n);
    }
    return summed(both);
  }
  function topOf(tree) {
    const flat = types.map(() => new Float64Array(data.names.length)), cum = types.map(() => new Float64Array(data.names.length));
    for (let n = 1; n < tree.parent.length; n++) {
      let recursive = false;
      for (let up = tree.parent[n]; up && !recursive; up = tree.parent[up]) recursive = tree.frame[up] === tree.frame[n];
      types.forEach((_, t) => {
        flat[t][tree.frame[n]] += tree.own[t][n];
        if (!recursive) cum[t][tree.frame[n]] += tree.total[t][n];
      });
    }
    const frame = data.names.map((_, i) => i).filter((i) => cum.some((of) => of[i]) && i !== data.frame[0]);
    return { frame, flat: flat.map((of) => frame.map((i) => of[i])), cum: cum.map((of) => frame.map((i) => of[i])), functions: frame.length };
  }

  const asked = { mode: "", focus: "", label: "", sandwich: -1 };
  let tree = base, top = data.top, count, depth, start, width, firstChild, children, highest;
  function plant() {
    let source = base;
    const slice = asked.label && slices.get(asked.label);
    if (slice) source = labelled(source, slice);
    if (asked.focus) source = folded(source, asked.focus);
    top = source === base ? data.top : topOf(source);
    tree = asked.sandwich >= 0 ? sandwich(source, asked.sandwich) : asked.mode === "inverted" ? inverted(source) : source;
    count = tree.parent.length;
    depth = new Int32Array(count);
    start = new Float64Array(count);
    width = new Float64Array(count);
    firstChild = new Int32Array(count + 1);
    children = new Int32Array(Math.max(0, count - 1));
    highest = 0;
    for (let n = 1; n < count; n++) {
      depth[n] = depth[tree.parent[n]] + (tree.side ? tree.side[n] : 1);
      if (depth[n] < highest) highest = depth[n];
      firstChild[tree.parent[n] + 1]++;
    }
    for (let n = 0; n < count; n++) firstChild[n + 1] += firstChild[n];
    const filled = firstChild.slice();
    for (let n = 1; n < count; n++) children[filled[tree.parent[n]]++] = n;
    zoom = 0;
    selected = hovered = current = -1;
  }
  const slices = new Map();
  for (const label of data.labels) for (const slice of label.values) slices.set(label.key + "=" + slice.value, slice);

  let type = data.defaultType, zoom = 0, selected = -1, hovered = -1, current = -1, sort = "flat", descending = true;
  let pattern = null, hit = null;
  const weight = () => (tree.weight || tree.total)[type];
  const name = (n) => data.names[tree.frame[n]];
  const file = (n) => data.files[data.file[tree.frame[n]]];

  function layout() {
    const w = weight();
    start[0] = 0;
    width[0] = 1;
    const whole = w[0] || 1;
    for (let n = 0; n < count; n++) {
      const from = firstChild[n], to = firstChild[n + 1];
      if (from === to) continue;
      children.subarray(from, to).sort((a, b) => w[b] - w[a] || a - b);
      let below = start[n], above = start[n];
      for (let i = from; i < to; i++) {
        const child = children[i], up = tree.side && tree.side[child] < 0;
        start[child] = up ? above : below;
        width[child] = w[child] / whole;
        if (up) above += width[child];
        else below += width[child];
      }
    }
  }

  // ---- words and numbers ----
  const trim = (x) => (Math.abs(x) >= 100 ? x.toFixed(0) : x.toPrecision(3)).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  const TIME = { nanoseconds: 1, nanosecond: 1, ns: 1, microseconds: 1e3, us: 1e3, milliseconds: 1e6, ms: 1e6, seconds: 1e9, s: 1e9 };
  const SIZE = { bytes: 1, byte: 1, b: 1, kilobytes: 1024, kb: 1024, megabytes: 1048576, mb: 1048576 };
  function steps(value, units) {
    const size = Math.abs(value);
    let i = 0;
    while (i + 1 < units.length && size >= units[i + 1][0]) i++;
    return trim(value / units[i][0]) + " " + units[i][1];
  }
  function human(value, unit) {
    const key = unit.toLowerCase();
    if (TIME[key]) return steps(value * TIME[key], [[1, "ns"], [1e3, "µs"], [1e6, "ms"], [1e9, "s"], [6e10, "min"], [3.6e12, "h"]]);
    if (SIZE[key]) return steps(value * SIZE[key], [[1, "B"], [1024, "KiB"], [1048576, "MiB"], [1073741824, "GiB"], [1099511627776, "TiB"]]);
    const digits = value.toLocaleString("en-US");
    return key === "count" || key === "" ? digits : digits + " " + unit;
  }
  const percent = (part, whole) => {
    const share = whole ? (100 * part) / whole : 0;
    return (share >= 99.95 || share === 0 ? share.toFixed(0) : share.toFixed(share < 1 ? 2 : 1)) + "%";
  };
  function shortName(text) {
    const path = text.lastIndexOf("/", text.indexOf("(") < 0 ? text.length : text.indexOf("("));
    if (path >= 0) return text.slice(path + 1);
    // com.example.Cart.add is Java, main.server.Handle is Go.
    const java = /^(?:[a-z_][\w$]*\.)+(?=[A-Z][\w$]*[.(])/.exec(text);
    return java ? text.slice(java[0].length) : text;
  }
  function family(text) {
    const java = /^((?:[a-z_][\w$]*\.)+)(?=[A-Z])/.exec(text);
    if (java) return java[1].split(".").slice(0, 3).join(".");
    const head = /^(.*\/)?[^./(]*/.exec(text);
    return head[0].split("/").slice(0, 4).join("/");
  }

  const packageOf = (text) => family(text).replace(/\.$/, "");

  // ---- colours: a family of functions has a hue, a function a shade of it ----
  const HUES = [22, 36, 48, 8, 200, 172, 268, 330, 148, 226, 90, 300];
  let style = {};
  const colours = new Map();
  function hash(text) {
    let h = 2166136261;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
    return (h ^ (h >>> 15)) >>> 0;
  }
  function readStyle() {
    const css = getComputedStyle(document.documentElement);
    for (const key of ["page", "ink", "root", "root-ink", "frame-ink", "dim", "dim-ink", "hit", "hit-ink", "accent", "saturation", "lightness", "vary", "up", "down"]) {
      style[key] = css.getPropertyValue("--" + key).trim();
    }
    colours.clear();
  }
  function colour(n) {
    if (n === 0 && asked.sandwich < 0) return style.root;
    if (data.weight) {
      const change = tree.total[type][n];
      const share = Math.min(1, Math.abs(change) / (weight()[n] || 1));
      return `hsl(${change < 0 ? style.down : style.up} ${parseFloat(style.lightness) + (1 - share) * 14}%)`;
    }
    const text = name(n);
    let found = colours.get(text);
    if (!found) {
      const shade = (hash(text) % 200) / 100 - 1;
      const hue = HUES[hash(family(text)) % HUES.length] + shade * 5;
      found = `hsl(${hue} ${style.saturation} ${parseFloat(style.lightness) + shade * style.vary}%)`;
      colours.set(text, found);
    }
    return found;
  }

  // ---- drawing: only what can be seen ----
  const context = canvas.getContext("2d");
  const measured = new Map();
  let boxes = [];
  function room() {
    return { w: flame.clientWidth, h: flame.clientHeight };
  }
  function rowOf(n) {
    return PAD + (depth[n] - highest) * ROW;
  }
  function inside(n) {
    const end = start[zoom] + width[zoom];
    return start[n] < end && start[n] + width[n] > start[zoom];
  }
  function box(n, w) {
    const scale = (w - 2 * PAD) / (width[zoom] || 1);
    const left = Math.max(PAD, PAD + (start[n] - start[zoom]) * scale);
    const right = Math.min(w - PAD, PAD + (start[n] + width[n] - start[zoom]) * scale);
    return [left, right - left];
  }
  function fit(text, space) {
    if (space < 22) return "";
    let size = measured.get(text);
    if (size === undefined) measured.set(text, (size = context.measureText(text).width));
    if (size <= space) return text;
    let chars = Math.floor((text.length * space) / size);
    while (chars >= 2 && context.measureText(text.slice(0, chars) + "…").width > space) chars--;
    return chars < 2 ? "" : text.slice(0, chars) + "…";
  }
  function draw() {
    const { w, h } = room();
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
      canvas.width = Math.round(w * ratio);
      canvas.height = Math.round(h * ratio);
      canvas.style.height = h + "px";
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = style.page;
    context.fillRect(0, 0, w, h);
    context.font = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
    context.textBaseline = "middle";
    const scroll = flame.scrollTop;
    boxes = [];
    let lowest = 0;
    for (let n = 0; n < count; n++) {
      if (width[n] === 0 || !inside(n)) continue;
      const [x, size] = box(n, w);
      if (size < 0.35) continue;
      if (depth[n] - highest > lowest) lowest = depth[n] - highest;
      const y = rowOf(n) - scroll;
      if (y + ROW < 0 || y > h) continue;
      paint(n, x, y, size);
      boxes.push(n);
    }
    const full = PAD * 2 + (lowest + 1) * ROW;
    by("spacer").style.height = Math.max(0, full - h) + "px";
    canvas.dataset.drawn = boxes.length;
  }
  function paint(n, x, y, size) {
    const ancestor = asked.sandwich < 0 && depth[n] < depth[zoom];
    const matched = hit && hit[tree.frame[n]];
    let ink = n === 0 && asked.sandwich < 0 ? style["root-ink"] : style["frame-ink"];
    if (matched) {
      context.fillStyle = style.hit;
      ink = style["hit-ink"];
    } else if (hit && n !== 0) {
      context.fillStyle = style.dim;
      ink = style["dim-ink"];
    } else {
      context.fillStyle = colour(n);
    }
    context.globalAlpha = ancestor ? 0.5 : 1;
    const gap = size > 3 ? 1 : 0;
    if (size > 8) {
      context.beginPath();
      context.roundRect(x, y, size - gap, ROW - 1, 3);
      context.fill();
    } else {
      context.fillRect(x, y, Math.max(size - gap, 0.6), ROW - 1);
    }
    context.globalAlpha = 1;
    const text = fit(shortName(name(n)), size - 12);
    if (text) {
      context.fillStyle = ink;
      context.fillText(text, x + 6, y + ROW / 2 - 0.5);
    }
    if (n === selected || n === hovered) {
      context.strokeStyle = n === selected ? style.accent : style.ink;
      context.lineWidth = n === selected ? 2 : 1;
      context.strokeRect(x + 0.5, y + 0.5, Math.max(size - gap - 1, 1), ROW - 2);
    }
  }
  let waiting = false;
  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  }

  // ---- telling about a frame ----
  function describe(n) {
    const unit = types[type].unit, whole = tree.weight ? weight()[0] : tree.total[type][0];
    const total = tree.total[type][n], self = tree.self[type][n];
    return { unit, total: human(total, unit), self: human(self, unit), totalShare: percent(total, whole), selfShare: percent(self, whole) };
  }
  function status(n) {
    if (n < 0) {
      by("status").textContent = zoom ? "Zoomed to " + name(zoom) : "";
      return;
    }
    const d = describe(n);
    by("status").textContent = `${name(n)}: cumulative ${d.total} (${d.totalShare}), flat ${d.self} (${d.selfShare})`;
  }
  function showTip(n, x, y) {
    if (n < 0) {
      tip.hidden = true;
      return;
    }
    const d = describe(n);
    by("tip-name").textContent = name(n);
    by("tip-file").textContent = file(n);
    const values = by("tip-values");
    values.textContent = "";
    const add = (...cells) => cells.forEach((cell, i) => {
      const element = document.createElement(i ? "dd" : "dt");
      element.textContent = cell;
      values.append(element);
    });
    add("Cumulative", d.total, d.totalShare);
    add("Flat", d.self, d.selfShare);
    if (zoom && inside(n) && depth[n] >= depth[zoom]) add("Of the zoomed frame", "", percent(weight()[n], weight()[zoom]));
    tip.hidden = false;
    const size = tip.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - size.width - 8)) + "px";
    tip.style.top = (y + 20 + size.height > innerHeight ? Math.max(8, y - size.height - 12) : y + 18) + "px";
  }
  function nodeAt(event) {
    const area = canvas.getBoundingClientRect();
    const x = event.clientX - area.left, level = Math.floor((event.clientY - area.top + flame.scrollTop - PAD) / ROW) + highest;
    const w = room().w;
    for (const n of boxes) {
      if (depth[n] !== level) continue;
      const [left, size] = box(n, w);
      if (x >= left && x < left + size) return n;
    }
    return -1;
  }

  // ---- acting ----
  function zoomTo(n) {
    zoom = n;
    by("reset").disabled = zoom === 0;
    by("sandwich").disabled = zoom === 0 || asked.sandwich >= 0;
    remember();
    status(selected >= 0 ? selected : -1);
    redraw();
  }
  function select(n) {
    selected = n;
    if (n >= 0) {
      const y = rowOf(n), h = room().h;
      if (y - ROW < flame.scrollTop) flame.scrollTop = Math.max(0, y - ROW - PAD);
      if (y + 2 * ROW > flame.scrollTop + h) flame.scrollTop = y + 2 * ROW - h;
      const area = canvas.getBoundingClientRect(), [x] = box(n, room().w);
      showTip(n, area.left + x, area.top + y - flame.scrollTop + ROW / 2);
    }
    status(n);
    redraw();
  }
  function reset() {
    search.value = "";
    find("");
    hovered = -1;
    tip.hidden = true;
    selected = -1;
    zoomTo(0);
  }
  function find(text) {
    pattern = null;
    search.setCustomValidity("");
    if (text.length > 2 && text.startsWith("/") && text.endsWith("/")) {
      try {
        pattern = new RegExp(text.slice(1, -1), "i");
      } catch (e) {
        search.setCustomValidity("Not a valid regular expression: " + e.message);
      }
    } else if (text) {
      const plain = text.toLowerCase();
      pattern = { test: (candidate) => candidate.toLowerCase().includes(plain) };
    }
    hit = pattern && Uint8Array.from(data.names, (candidate, i) => (pattern.test(candidate) || pattern.test(data.files[data.file[i]]) ? 1 : 0));
    matches();
    rows();
    remember();
    redraw();
  }
  function matches() {
    if (!hit) {
      by("matches").textContent = "";
      return;
    }
    // A frame under a matching one is counted with it, once.
    const w = weight(), under = new Uint8Array(count);
    let sum = 0;
    for (let n = 1; n < count; n++) {
      under[n] = under[tree.parent[n]];
      if (tree.side && tree.side[n] < 0) continue;
      if (!under[n] && hit[tree.frame[n]]) {
        under[n] = 1;
        sum += w[n];
      }
    }
    by("matches").textContent = percent(sum, w[0]);
  }
  // From hit to hit, as they are read: by row, then from left to right. Zooms out if need be.
  function jump(step) {
    if (!hit) return;
    const found = [];
    for (let n = 0; n < count; n++) if (hit[tree.frame[n]] && width[n] > 0 && (n || asked.sandwich >= 0)) found.push(n);
    if (!found.length) return;
    found.sort((a, b) => depth[a] - depth[b] || start[a] - start[b]);
    const at = found.indexOf(current);
    current = found[at < 0 ? (step > 0 ? 0 : found.length - 1) : (at + step + found.length) % found.length];
    if (zoom && !inside(current)) zoomTo(0);
    if (!by("top").hidden) view("flame");
    select(current);
    by("status").textContent = `Hit ${found.indexOf(current) + 1} of ${found.length}: ${by("status").textContent}`;
  }
  function rows() {
    const unit = types[type].unit, whole = tree.weight ? weight()[0] : tree.total[type][0];
    const order = top.frame.map((_, i) => i).filter((i) => (top.flat[type][i] || top.cum[type][i]) && (!hit || hit[top.frame[i]]));
    const key = { flat: (i) => Math.abs(top.flat[type][i]), cum: (i) => Math.abs(top.cum[type][i]) }[sort];
    const names = (i) => data.names[top.frame[i]];
    order.sort((a, b) => (key ? key(a) - key(b) : names(a).localeCompare(names(b))) || names(b).localeCompare(names(a)));
    if (descending) order.reverse();
    const body = document.createDocumentFragment();
    for (const i of order.slice(0, 500)) {
      const row = document.createElement("tr");
      if (hit) row.className = "hit";
      for (const value of [top.flat[type][i], top.cum[type][i]]) {
        const cell = document.createElement("td"), share = document.createElement("small");
        cell.className = "n";
        share.textContent = percent(value, whole);
        cell.append(human(value, unit), " ", share);
        row.append(cell);
      }
      const cell = document.createElement("td"), button = document.createElement("button"), where = document.createElement("small");
      cell.className = "f";
      button.type = "button";
      button.textContent = data.names[top.frame[i]];
      button.addEventListener("click", () => {
        search.value = data.names[top.frame[i]];
        find(search.value);
        view("flame");
      });
      where.textContent = data.files[data.file[top.frame[i]]];
      const around = document.createElement("button");
      around.type = "button";
      around.className = "around";
      around.textContent = "callers and callees";
      around.addEventListener("click", () => {
        change({ sandwich: top.frame[i] });
        view("flame");
      });
      cell.append(button, where, " ", around);
      row.append(cell);
      body.append(row);
    }
    by("rows").replaceChildren(body);
    const more = top.functions - Math.min(order.length, 500);
    by("rest").textContent = !hit && more > 0 ? `${more.toLocaleString("en-US")} more functions with smaller values.` : "";
  }
  function view(which) {
    for (const id of ["flame", "top"]) {
      by(id).hidden = id !== which;
      by("tab-" + id).setAttribute("aria-selected", String(id === which));
      by("tab-" + id).tabIndex = id === which ? 0 : -1;
    }
    tip.hidden = true;
    remember();
    redraw();
  }
  function choose(index) {
    type = index;
    by("type").value = String(index);
    layout();
    about();
    matches();
    rows();
    status(selected);
    redraw();
  }
  function about() {
    const parts = [`${types[type].name}: ${human(tree.total[type][0], types[type].unit)}`].concat(data.about);
    if (asked.sandwich >= 0) parts.unshift(`callers (above) and callees (below) of ${data.names[asked.sandwich]}`);
    if (data.pruned) parts.push(`${data.pruned.toLocaleString("en-US")} tiny frames are not shown`);
    by("about").textContent = parts.join(" · ");
  }
  function remember() {
    const state = new URLSearchParams();
    if (type !== data.defaultType) state.set("type", types[type].name);
    if (search.value) state.set("search", search.value);
    for (const key of ["mode", "focus", "label"]) if (asked[key]) state.set(key, asked[key]);
    if (asked.sandwich >= 0) state.set("sandwich", data.names[asked.sandwich]);
    if (zoom) state.set("zoom", String(zoom));
    if (!by("top").hidden) state.set("view", "top");
    try {
      history.replaceState(null, "", "#" + state);
    } catch (e) {
      // A page inside a frame or a data: address may not change its address; nothing else depends on it.
    }
  }

  // Shows the tree in another way: from the callers, of some frames, of some samples.
  function change(how) {
    Object.assign(asked, how);
    for (const key of ["mode", "focus", "label"]) by(key).value = asked[key];
    by("mode").disabled = asked.sandwich >= 0;
    by("back").hidden = asked.sandwich < 0;
    by("sandwich").disabled = true;
    by("reset").disabled = true;
    plant();
    layout();
    about();
    matches();
    rows();
    remember();
    flame.scrollTop = Math.max(0, rowOf(0) - PAD - room().h / 3);
    tip.hidden = true;
    status(-1);
    redraw();
  }

  // ---- keys and mouse ----
  function nextSibling(n, step) {
    const visible = boxes.filter((m) => depth[m] === depth[n]).sort((a, b) => start[a] - start[b]);
    const at = visible.indexOf(n) + step;
    return at >= 0 && at < visible.length ? visible[at] : n;
  }
  canvas.addEventListener("keydown", (event) => {
    const n = selected < 0 ? zoom : selected;
    let handled = true;
    if (event.key === "ArrowDown") {
      const child = selected < 0 ? zoom : children.subarray(firstChild[n], firstChild[n + 1]).find((c) => width[c] > 0 && depth[c] > depth[n] && inside(c));
      select(child === undefined ? n : child);
    } else if (event.key === "ArrowUp") select(n === 0 ? 0 : tree.parent[n]);
    else if (event.key === "ArrowLeft") select(nextSibling(n, -1));
    else if (event.key === "ArrowRight") select(nextSibling(n, 1));
    else if (event.key === "Home") select(zoom);
    else if (event.key === "Enter" || event.key === " ") zoomTo(n);
    else if (event.key === "Backspace") zoomTo(zoom ? tree.parent[zoom] : 0);
    else handled = false;
    if (handled) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      reset();
    } else if (event.key === "/" && !/INPUT|SELECT/.test(document.activeElement.tagName)) {
      search.focus();
      event.preventDefault();
    }
  });
  canvas.addEventListener("mousemove", (event) => {
    const n = nodeAt(event);
    if (n !== hovered) redraw();
    hovered = n;
    canvas.style.cursor = n < 0 ? "default" : "pointer";
    showTip(n, event.clientX, event.clientY);
    status(n >= 0 ? n : selected);
  });
  canvas.addEventListener("mouseleave", () => {
    hovered = -1;
    tip.hidden = true;
    status(selected);
    redraw();
  });
  canvas.addEventListener("click", (event) => {
    const n = nodeAt(event);
    if (n >= 0) {
      selected = -1;
      zoomTo(n);
    }
  });
  canvas.addEventListener("focus", () => {
    if (selected < 0 && canvas.matches(":focus-visible")) select(zoom);
  });
  canvas.addEventListener("blur", () => {
    tip.hidden = true;
    selected = -1;
    redraw();
  });
  flame.addEventListener("scroll", redraw);
  by("reset").addEventListener("click", () => zoomTo(0));
  search.addEventListener("input", () => {
    current = -1;
    find(search.value);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") jump(event.shiftKey ? -1 : 1);
  });
  by("next").addEventListener("click", () => jump(1));
  by("previous").addEventListener("click", () => jump(-1));
  for (const key of ["mode", "focus", "label"]) by(key).addEventListener("change", (event) => change({ [key]: event.target.value }));
  by("sandwich").addEventListener("click", () => change({ sandwich: tree.frame[zoom] }));
  by("back").addEventListener("click", () => change({ sandwich: -1 }));
  by("type").addEventListener("change", (event) => {
    choose(Number(event.target.value));
    remember();
  });
  for (const id of ["flame", "top"]) {
    by("tab-" + id).addEventListener("click", () => view(id));
    by("tab-" + id).addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
        const other = id === "flame" ? "top" : "flame";
        view(other);
        by("tab-" + other).focus();
      }
    });
  }
  for (const button of document.querySelectorAll("th button")) {
    button.addEventListener("click", () => {
      descending = sort === button.dataset.sort ? !descending : button.dataset.sort !== "name";
      sort = button.dataset.sort;
      document.querySelectorAll("th").forEach((cell) => cell.removeAttribute("aria-sort"));
      button.parentElement.setAttribute("aria-sort", descending ? "descending" : "ascending");
      rows();
    });
  }
  new ResizeObserver(redraw).observe(flame);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    readStyle();
    redraw();
  });

  // ---- start: from the address, so that a view can be shared ----
  types.forEach((each, i) => by("type").add(new Option(`${each.name} (${each.unit})`, String(i))));
  by("type-label").hidden = types.length < 2;
  const state = new URLSearchParams(location.hash.slice(1));
  by("legend").hidden = !data.weight;
  const packages = new Map();
  data.top.frame.forEach((frame, i) => {
    const of = packageOf(data.names[frame]), share = Math.max(...data.top.flat.map((flat, t) => Math.abs(flat[i]) / (Math.abs(data.total[t][0]) || 1)));
    packages.set(of, (packages.get(of) || 0) + share);
  });
  [...packages].sort((a, b) => b[1] - a[1]).slice(0, 100).forEach(([of]) => by("focus").add(new Option(of, of)));
  by("focus-label").hidden = packages.size < 2;
  slices.forEach((_, key) => by("label").add(new Option(key, key)));
  by("label-label").hidden = !slices.size;
  const given = (key) => ([...by(key).options].some((o) => o.value === state.get(key)) ? state.get(key) : "");
  Object.assign(asked, { mode: given("mode"), focus: given("focus"), label: given("label"), sandwich: state.has("sandwich") ? data.names.indexOf(state.get("sandwich")) : -1 });
  for (const key of ["mode", "focus", "label"]) by(key).value = asked[key];
  by("mode").disabled = asked.sandwich >= 0;
  by("back").hidden = asked.sandwich < 0;
  const wanted = types.findIndex((each) => each.name === state.get("type"));
  readStyle();
  plant();
  choose(wanted >= 0 ? wanted : type);
  const target = Number(state.get("zoom"));
  if (target > 0 && target < count) zoom = target;
  by("reset").disabled = zoom === 0;
  by("sandwich").disabled = zoom === 0 || asked.sandwich >= 0;
  search.value = state.get("search") || "";
  if (search.value) find(search.value);
  if (state.get("view") === "top") view("top");
  draw();
  document.documentElement.dataset.ready = "true";
})();
