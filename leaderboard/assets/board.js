/* Sorts and filters the board. All that it shows is told by the address after the #, so that a link
   shows the same to everybody and "back" goes back; without this script the table is whole. */
"use strict";
(() => {
  const table = document.getElementById("table");
  const form = document.getElementById("controls");
  if (!table || !form) return;
  const filters = document.getElementById("filters");
  const said = document.getElementById("said");
  const head = table.tHead.rows[0];
  const heads = [...head.cells];
  const columns = heads.map((cell) => cell.dataset.col);
  const bodies = [...table.tBodies];
  const rows = bodies.flatMap((body) => [...body.rows].slice(1).map((row) => ({ row, body })));
  const FILTERS = ["q", "family", "who", "others", "verdict", "stack"];
  const title = (cell) => cell.querySelector(".head").textContent;
  const label = (name) => form.elements[name].selectedOptions[0].textContent;

  /* State: what the address says, and nothing else. */
  const known = () => {
    const hash = location.hash.slice(1);
    return new URLSearchParams(hash.includes("=") ? hash : "");
  };
  const address = (state) => {
    const kept = new URLSearchParams();
    for (const [name, value] of state) if (value) kept.set(name, value);
    return "#" + (kept.toString() || "all");
  };
  const go = (change, { quietly = false } = {}) => {
    const state = known();
    for (const [name, value] of Object.entries(change)) state.set(name, value);
    const there = address(state);
    if (there === (location.hash || "#all")) return;
    if (quietly) location.replace(there);
    else location.hash = there;
  };

  /* What a cell is sorted by: estimates before what was only published, nothing last; where one
     measurer is chosen, by what that one measured. */
  const value = (cell, who) => {
    if (cell.matches(".score")) {
      const best = who ? (who === "here" ? "data.avg" : null) : "data.est, data.avg";
      const known = best && cell.querySelector(best);
      if (known) return [0, Number(known.value)];
      const shown = cell.querySelector("a.claim[data-v]:not([hidden])");
      return shown && who !== "here" ? [1, Number(shown.dataset.v)] : null;
    }
    const data = cell.dataset.v ?? cell.querySelector("data")?.value;
    if (cell.matches(".stick")) return [0, cell.querySelector("a").textContent.trim()];
    return data === undefined || data === "" ? null : [0, Number(data)];
  };
  const compare = (a, b) =>
    typeof a === "string" ? a.localeCompare(b, "en", { numeric: true, sensitivity: "base" }) : a - b;

  const showClaims = (who, verdict, others) => {
    for (const cell of table.querySelectorAll("td.score")) {
      const claims = [...cell.querySelectorAll("a.claim[data-v]")];
      const fits = claims.filter(
        (claim) =>
          (!who || who === "here" || claim.dataset.w === who) &&
          (!verdict || claim.dataset.j === verdict) &&
          (!others || claim.dataset.o === others),
      );
      const shown = fits.length && (who || verdict || others) ? fits : claims.slice(0, 1);
      for (const claim of claims) claim.hidden = !shown.includes(claim);
      const more = cell.querySelector("a.more");
      if (!more) continue;
      more.hidden = shown.length === claims.length;
      more.textContent = `+${claims.length - shown.length} more`;
    }
  };

  const sort = (name, down, who) => {
    const place = columns.indexOf(name);
    heads.forEach((cell, i) => {
      if (i === place) cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    table.classList.toggle("sorted", place >= 0);
    if (place < 0) {
      for (const { row, body } of rows) body.append(row);
      return;
    }
    const keyed = rows.map(({ row }, i) => ({ row, i, key: value(row.cells[place], who) }));
    keyed.sort((a, b) => {
      if (!a.key || !b.key) return (a.key ? 0 : 1) - (b.key ? 0 : 1) || a.i - b.i;
      const order = compare(a.key[1], b.key[1]);
      return a.key[0] - b.key[0] || (down ? -order : order) || a.i - b.i;
    });
    bodies[0].append(...keyed.map(({ row }) => row));
  };

  const claimed = (row, state) => {
    const asked = ["verdict", "others"].filter((name) => state.get(name));
    const wanted = asked.map((name) => `[data-${name === "verdict" ? "j" : "o"}="${CSS.escape(state.get(name))}"]`);
    return !asked.length || row.querySelector(`a.claim${wanted.join("")}`) !== null;
  };
  const fits = (row, state) => {
    const text = state.get("q")?.trim().toLowerCase();
    const has = (name, held) => !state.get(name) || held.split(" ").includes(state.get(name));
    return (
      (!text || row.cells[0].textContent.toLowerCase().includes(text)) &&
      has("family", row.dataset.f) &&
      has("stack", row.dataset.s) &&
      has("who", row.dataset.w) &&
      claimed(row, state)
    );
  };

  const apply = () => {
    const state = known();
    for (const name of FILTERS) {
      const field = form.elements[name];
      const wanted = state.get(name) ?? "";
      if (field.value !== wanted) field.value = wanted;
      if (field.value === wanted) continue;
      field.value = ""; // a list without such a choice: as if nothing had been asked
      state.delete(name);
    }
    const like = state.get("interval") === "like";
    for (const radio of form.elements.interval) radio.checked = (radio.value === "like") === like;
    table.classList.toggle("like", like);
    filters.classList.toggle("like", like);
    const who = state.get("who") ?? "";
    showClaims(who, state.get("verdict") ?? "", state.get("others") ?? "");
    const place = columns.indexOf(state.get("sort"));
    const down = state.get("dir") === "down";
    sort(place < 0 ? null : state.get("sort"), down, who);
    let count = 0;
    for (const { row } of rows) {
      row.hidden = !fits(row, state);
      count += row.hidden ? 0 : 1;
    }
    for (const body of bodies)
      body.rows[0].hidden = place >= 0 || [...body.rows].slice(1).every((row) => row.hidden);

    const hidden = new Set((state.get("hide") ?? "").split(",").filter(Boolean));
    for (const box of form.querySelectorAll("#columns input")) box.checked = !hidden.has(box.value);
    const shown = rows.filter(({ row }) => !row.hidden);
    let empty = 0;
    heads.forEach((cell, i) => {
      const off = i > 0 && hidden.has(columns[i]);
      // Few models rarely have all tasks: what none of them has is left out, too.
      const bare = (row) => row.cells[i].matches(".score") && !row.cells[i].querySelector("data, .claim");
      const nothing = !off && count > 0 && shown.every(({ row }) => bare(row));
      empty += nothing ? 1 : 0;
      cell.hidden = off || nothing;
      for (const { row } of rows) row.cells[i].hidden = off || nothing;
    });
    const across = heads.filter((cell) => !cell.hidden).length;
    for (const cell of table.querySelectorAll("tr.family th")) cell.colSpan = across;

    const parts = [`${count} of ${rows.length} models shown`];
    if (place >= 0) {
      const words = place === 0 ? ["A to Z", "Z to A"] : ["lowest first", "highest first"];
      parts.push(`sorted by ${title(heads[place])}, ${words[down ? 1 : 0]}`);
      if (heads[place].dataset.first === "down" && place > 0)
        parts.push("estimates before what was only published, unknown last");
    }
    if (like) parts.push("intervals for problems like these");
    const named = (number, what) => `${number} ${number === 1 ? "column" : "columns"} ${what}`;
    const off = columns.slice(1).filter((name) => hidden.has(name)).length;
    if (off) parts.push(named(off, "hidden"));
    if (empty) parts.push(named(empty, "left out, with nothing in them"));
    for (const name of FILTERS.slice(1))
      if (form.elements[name].value) parts.push(`only ${label(name).trim()}`);
    const text = parts.join("; ") + ".";
    if (said.textContent !== text) said.textContent = text;
  };

  /* Headers become buttons; columns get boxes. */
  heads.forEach((cell, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(cell.querySelector(".head"));
    cell.prepend(button);
    button.addEventListener("click", () => {
      const state = known();
      const first = cell.dataset.first;
      const second = first === "up" ? "down" : "up";
      if (state.get("sort") !== columns[i]) go({ sort: columns[i], dir: first });
      else if (state.get("dir") === first) go({ dir: second });
      else go({ sort: "", dir: "" });
    });
    if (!i) return;
    const choice = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.value = columns[i];
    box.checked = true;
    choice.append(box, ` ${title(cell)}`);
    document.getElementById("columns").append(choice);
  });

  document.getElementById("reset").href = "#all";
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    const field = event.target;
    if (field.name === "q") go({ q: field.value }, { quietly: true });
    else if (field.name) go({ [field.name]: field.value });
    else {
      const off = [...form.querySelectorAll("#columns input")].filter((box) => !box.checked);
      go({ hide: off.map((box) => box.value).join(",") });
    }
  });
  addEventListener("hashchange", apply);
  filters.hidden = false;
  // On a phone the board begins on the first screen; where the address asks for something, it shows.
  filters.open = matchMedia("(min-width: 48rem)").matches || location.hash.includes("=");
  apply();
})();
