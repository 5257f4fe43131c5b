"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const svg = (name, attributes = {}, text = "") => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    return made;
  };

  // ---- theme: the system's, or the one chosen here ----
  const theme = one("#theme");
  const themes = ["auto", "light", "dark"];
  const remember = (value) => { try { localStorage.setItem("fluvial-theme", value); } catch { /* not allowed here */ } };
  const remembered = () => { try { return localStorage.getItem("fluvial-theme"); } catch { return null; } };
  const setTheme = (value) => {
    if (value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
    theme.textContent = "Theme: " + value;
    theme.dataset.value = value;
  };
  theme.hidden = false;
  setTheme(themes.includes(remembered()) ? remembered() : "auto");
  theme.addEventListener("click", () => {
    const next = themes[(themes.indexOf(theme.dataset.value) + 1) % themes.length];
    setTheme(next);
    remember(next);
  });

  // ---- claims: filters and sorting ----
  const table = one("#claims-table");
  if (table) {
    const rows = all("tbody tr", table);
    const chips = all(".chip");
    const search = one("#search");
    const study = one("#study-filter");
    // A long table is shown in part at first, a shorter part on a phone.
    const phone = matchMedia("(max-width: 46rem)");
    const more = one("#more");
    let whole = false;
    const filter = () => {
      const most = whole ? Infinity : phone.matches ? 6 : 20;
      const verdicts = new Set(chips.filter((c) => c.ariaPressed === "true").map((c) => c.dataset.verdict));
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLowerCase();
        const fits = verdicts.has(row.dataset.verdict)
          && (!study || !study.value || row.dataset.study === study.value)
          && words.every((word) => text.includes(word));
        row.hidden = !fits || found >= most;
        if (fits) found += 1;
      }
      const all = found === rows.length;
      one("#shown").textContent = found > most ? `${all ? "" : `${found} of `}${rows.length} claims, the first ${most} of them shown`
        : all ? `All ${found} claims shown` : `${found} of ${rows.length} claims shown`;
      more.hidden = found <= most;
      more.textContent = `Show all ${found}`;
    };
    more.addEventListener("click", () => {
      const next = [...table.tBodies[0].rows].findIndex((row) => row.hidden);
      whole = true;
      filter();
      // The button is gone: go on with the first claim that it has shown.
      one("summary", table.tBodies[0].rows[next])?.focus();
    });
    phone.addEventListener("change", filter);
    addEventListener("beforeprint", () => { whole = true; filter(); });
    for (const chip of chips) chip.addEventListener("click", () => { chip.ariaPressed = chip.ariaPressed === "true" ? "false" : "true"; filter(); });
    search.addEventListener("input", filter);
    if (study) study.addEventListener("change", filter);
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = head.ariaSort !== "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.ariaSort = up ? "ascending" : "descending";
        const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
        const compare = (a, b) => {
          const [x, y] = [key(a), key(b)];
          if (x === "" || y === "") return (x === "") - (y === "");
          const byNumber = "numeric" in head.dataset || !(isNaN(x) || isNaN(y));
          return (up ? 1 : -1) * (byNumber ? x - y : x.localeCompare(y, undefined, { numeric: true }));
        };
        table.tBodies[0].append(...rows.sort(compare));
        filter();
      });
    });
    filter();
  }

  // ---- studies: folded on a phone, and opened by whoever goes to one ----
  const folds = all(".fold");
  const unfold = (hash) => { for (const fold of folds) if (`#${fold.parentElement.id}` === hash) fold.open = true; };
  if (matchMedia("(max-width: 46rem)").matches) for (const fold of folds) fold.open = false;
  for (const link of all('a[href^="#study-"]')) link.addEventListener("click", () => unfold(link.hash));
  addEventListener("hashchange", () => unfold(location.hash));
  addEventListener("beforeprint", () => { for (const fold of all(".fold, .rest")) fold.open = true; });
  unfold(location.hash);

  // ---- densities, layer after layer ----
  for (const panel of all(".layers")) {
    const input = one("input[type=range]", panel);
    const output = one("output", panel);
    const play = one(".play", panel);
    const films = all("canvas", panel).map((canvas) => {
      const film = new Image();
      film.addEventListener("load", () => draw());
      film.src = canvas.dataset.film;
      return { canvas, film, last: Number(canvas.dataset.frames) - 1 };
    });
    const draw = () => {
      const layer = Number(input.value);
      for (const { canvas, film, last } of films) {
        if (!film.complete || !film.naturalWidth) continue;
        const shown = Math.min(layer, last);
        const side = film.naturalWidth;
        canvas.getContext("2d").drawImage(film, 0, shown * side, side, side, 0, 0, canvas.width, canvas.height);
        canvas.dataset.shown = shown;
        canvas.ariaLabel = `Density of ${canvas.dataset.label} after ${shown} of ${last} layers`;
      }
      output.textContent = `${layer} of ${input.max}`;
      input.setAttribute("aria-valuetext", `after ${layer} of ${input.max} layers`);
    };
    let timer = null;
    const stop = () => { clearInterval(timer); timer = null; play.textContent = "Play"; play.ariaPressed = "false"; };
    play.addEventListener("click", () => {
      if (timer !== null) return stop();
      if (input.value === input.max) input.value = 0;
      play.textContent = "Pause";
      play.ariaPressed = "true";
      timer = setInterval(() => {
        input.value = Number(input.value) + 1;
        draw();
        if (input.value === input.max) stop();
      }, 160);
    });
    input.addEventListener("input", () => { if (timer !== null) stop(); draw(); });
    draw();
  }

  // ---- learning curves ----
  const DASHES = ["", "7 4", "2 3", "10 3 2 3", "5 2", "1 4"];
  const short = (value) => {
    if (value === 0) return "0";
    const size = Math.abs(value);
    return size >= 1e5 || size < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(4)));
  };
  const ticks = (low, high, count) => {
    const raw = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
    const found = [];
    for (let t = Math.ceil(low / step) * step; t <= high + 1e-9 * step; t += step) found.push(Math.abs(t) < 1e-9 * step ? 0 : t);
    return found;
  };
  const charts = JSON.parse(one("#charts").textContent);
  for (const panel of all(".chart")) {
    const units = charts.find((chart) => chart.study === panel.dataset.study).units;
    const choice = one(".unit", panel);
    const log = one(".log", panel);
    units.forEach((unit, index) => choice.append(new Option(unit.unit, index)));
    if (units.length === 1) choice.parentElement.hidden = true;
    let range = null;
    const plot = one(".plot", panel);
    const box = { width: 760, height: 330, left: 62, right: 24, top: 12, bottom: 42 };

    const render = () => {
      const width = Math.max(320, Math.min(1000, plot.clientWidth || 760));
      Object.assign(box, { width, height: Math.round(Math.max(230, Math.min(360, width * 0.45))) });
      const unit = units[choice.value];
      const full = [Math.min(...unit.lines.flatMap((l) => l.x)), Math.max(...unit.lines.flatMap((l) => l.x))];
      const [first, last] = range ?? full;
      const values = unit.lines.flatMap((l) => l.y.filter((y, i) => y !== null && l.x[i] >= first && l.x[i] <= last));
      const positive = values.every((y) => y > 0);
      log.disabled = !positive;
      const scaled = log.checked && positive ? Math.log10 : (y) => y;
      let [low, high] = [Math.min(...values.map(scaled)), Math.max(...values.map(scaled))];
      if (!values.length) [low, high] = [0, 1];
      const margin = 0.05 * (high - low) || 0.5;
      [low, high] = [low - margin, high + margin];
      const px = (x) => box.left + ((x - first) / (last - first)) * (box.width - box.left - box.right);
      const py = (y) => box.top + ((high - scaled(y)) / (high - low)) * (box.height - box.top - box.bottom);
      const picture = svg("svg", { viewBox: `0 0 ${box.width} ${box.height}`, tabindex: "0", role: "img",
        "aria-label": `${unit.quantity} of ${unit.unit} by step, ${unit.lines.length} lines, steps ${short(first)} to ${short(last)}` });
      for (const t of ticks(low, high, 5)) {
        const y = box.top + ((high - t) / (high - low)) * (box.height - box.top - box.bottom);
        picture.append(svg("line", { class: "grid", x1: box.left, x2: box.width - box.right, y1: y, y2: y }));
        picture.append(svg("text", { x: box.left - 8, y: y + 4, "text-anchor": "end" }, short(scaled === Math.log10 ? 10 ** t : t)));
      }
      for (const t of ticks(first, last, Math.round(box.width / 130))) {
        picture.append(svg("line", { class: "grid", x1: px(t), x2: px(t), y1: box.height - box.bottom, y2: box.height - box.bottom + 5 }));
        picture.append(svg("text", { x: px(t), y: box.height - box.bottom + 19, "text-anchor": "middle" }, short(t)));
      }
      picture.append(svg("text", { x: (box.left + box.width - box.right) / 2, y: box.height - 6, "text-anchor": "middle" }, "step"));
      const clip = `clip-${panel.dataset.study}`;
      const shape = svg("clipPath", { id: clip });
      const frame = { x: box.left, y: box.top, width: box.width - box.left - box.right, height: box.height - box.top - box.bottom };
      shape.append(svg("rect", frame));
      picture.append(shape, svg("rect", { class: "frame", ...frame }));
      const lines = svg("g", { "clip-path": `url(#${clip})` });
      unit.lines.forEach((line, index) => {
        let d = "";
        line.x.forEach((x, i) => { d += line.y[i] === null ? "" : `${d && line.y[i - 1] !== null ? "L" : "M"}${px(x).toFixed(1)} ${py(line.y[i]).toFixed(1)}`; });
        lines.append(svg("path", { d, class: `c${index % 6}`, "stroke-dasharray": DASHES[index % 6] }));
      });
      picture.append(lines);
      const cursor = svg("line", { class: "cursor", y1: box.top, y2: box.height - box.bottom, visibility: "hidden" });
      const brush = svg("rect", { class: "brush", y: frame.y, height: frame.height, width: 0 });
      picture.append(cursor, brush);
      plot.replaceChildren(picture);
      picture.dataset.from = first;
      picture.dataset.to = last;
      legend(unit, null);
      interact(picture, unit, full, first, last, cursor, brush);
    };

    const legend = (unit, x) => {
      const items = unit.lines.map((line, index) => {
        const item = document.createElement("li");
        const key = svg("svg", { viewBox: "0 0 28 10", "aria-hidden": "true" });
        key.append(svg("line", { x1: 0, x2: 28, y1: 5, y2: 5, class: `c${index % 6}`, "stroke-width": 2.5, "stroke-dasharray": DASHES[index % 6] }));
        let text = line.label;
        if (x !== null) {
          const nearest = line.x.reduce((best, value, i) => (Math.abs(value - x) < Math.abs(line.x[best] - x) ? i : best), 0);
          text += `: ${line.y[nearest] === null ? "not finite" : short(line.y[nearest])} at step ${short(line.x[nearest])}`;
        }
        item.append(key, text);
        return item;
      });
      one(".legend", panel).replaceChildren(...items);
    };

    const zoom = (full, first, last, factor, center = (first + last) / 2) => {
      const least = (full[1] - full[0]) / 200;
      const width = Math.min(Math.max((last - first) * factor, least), full[1] - full[0]);
      const start = Math.min(Math.max(center - ((center - first) / (last - first)) * width, full[0]), full[1] - width);
      range = width >= full[1] - full[0] ? null : [start, start + width];
      const focused = plot.contains(document.activeElement);
      render();
      if (focused) one("svg", plot).focus();
    };

    const interact = (picture, unit, full, first, last, cursor, brush) => {
      const step = (event) => {
        const area = picture.getBoundingClientRect();
        const share = ((event.clientX - area.left) / area.width * box.width - box.left) / (box.width - box.left - box.right);
        return first + Math.min(1, Math.max(0, share)) * (last - first);
      };
      const place = (x) => box.left + ((x - first) / (last - first)) * (box.width - box.left - box.right);
      let from = null;
      picture.addEventListener("pointerdown", (event) => { from = step(event); picture.setPointerCapture(event.pointerId); });
      picture.addEventListener("pointermove", (event) => {
        const x = step(event);
        cursor.setAttribute("x1", place(x));
        cursor.setAttribute("x2", place(x));
        cursor.setAttribute("visibility", "visible");
        legend(unit, x);
        if (from !== null) {
          brush.setAttribute("x", Math.min(place(from), place(x)));
          brush.setAttribute("width", Math.abs(place(x) - place(from)));
        }
      });
      picture.addEventListener("pointerup", (event) => {
        const to = step(event);
        const [a, b] = [Math.min(from, to), Math.max(from, to)];
        from = null;
        if (b - a > (last - first) / 50) { range = [a, b]; render(); }
      });
      picture.addEventListener("pointercancel", () => { from = null; brush.setAttribute("width", 0); });
      picture.addEventListener("pointerleave", () => { if (from === null) { cursor.setAttribute("visibility", "hidden"); legend(unit, null); } });
      picture.addEventListener("keydown", (event) => {
        const shift = (last - first) / 5;
        const moved = (by) => { const d = Math.min(Math.max(by, full[0] - first), full[1] - last); zoom(full, first + d, last + d, 1); };
        const keys = {
          "+": () => zoom(full, first, last, 0.6), "=": () => zoom(full, first, last, 0.6), "-": () => zoom(full, first, last, 1 / 0.6),
          "0": () => zoom(full, full[0], full[1], 1), ArrowLeft: () => moved(-shift), ArrowRight: () => moved(shift),
        };
        if (keys[event.key] && !event.ctrlKey && !event.metaKey) { event.preventDefault(); keys[event.key](); }
      });
      one(".zoom-in", panel).onclick = () => zoom(full, first, last, 0.6);
      one(".zoom-out", panel).onclick = () => zoom(full, first, last, 1 / 0.6);
      one(".reset", panel).onclick = () => { range = null; render(); };
    };
    choice.addEventListener("change", () => { range = null; render(); });
    log.addEventListener("change", render);
    let width = 0;
    new ResizeObserver(() => { if (plot.clientWidth !== width) { width = plot.clientWidth; render(); } }).observe(plot);
    render();
  }

  // ---- figures in full size ----
  const large = one("#large");
  for (const button of all(".enlarge")) {
    button.addEventListener("click", () => {
      const [shown, from] = [one("img", large), one("img", button)];
      shown.src = from.src;
      shown.alt = from.alt;
      large.showModal();
    });
  }
  large.addEventListener("click", (event) => { if (event.target === large) large.close(); });

  // ---- commands ----
  for (const button of all(".copy")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(one("code", button.parentElement).textContent);
        button.textContent = "Copied";
      } catch { button.textContent = "Select it by hand"; }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }
})();
