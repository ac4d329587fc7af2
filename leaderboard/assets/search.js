/* Finds models, tasks and problems in what data/search.js holds. Text is only ever set as text. */
"use strict";
(() => {
  const form = document.getElementById("search");
  if (!form || typeof TINA_BENCH === "undefined") return;
  const field = document.getElementById("query");
  const list = document.getElementById("found");
  const said = document.getElementById("said");
  const everything = document.getElementById("everything");
  const MOST = 200;

  /* Words as in " aime 2024 problem 7 ": a query's word must begin one of them, a number be one. */
  const split = (text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const sought = (word) => (/^\d+$/.test(word) ? ` ${word} ` : ` ${word}`);
  const entries = [];
  const add = (href, title, about, more = "") =>
    entries.push({ href, title, about, text: ` ${split(`${title} ${about} ${more}`).join(" ")} ` });
  for (const model of TINA_BENCH.models) add(model.href, model.title, model.about, model.name);
  const titles = {};
  for (const task of TINA_BENCH.tasks) {
    titles[task.name] = task.title;
    add(task.href, task.title, task.about, task.name);
  }
  for (const [task, problems] of Object.entries(TINA_BENCH.problems))
    for (const [href, index, id, text] of problems)
      add(href, `${titles[task] ?? task}, problem ${index}`, text || id, `${task} ${id}`);

  const known = () => new URLSearchParams(location.hash.slice(1)).get("q") ?? "";
  const apply = () => {
    const query = known();
    if (field.value.trim() !== query) field.value = query;
    const words = split(query).map(sought);
    const fits = words.length
      ? entries.filter((entry) => words.every((word) => entry.text.includes(word)))
      : [];
    list.replaceChildren(
      ...fits.slice(0, MOST).map((entry) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = entry.href;
        link.textContent = entry.title;
        const about = document.createElement("small");
        about.textContent = ` ${entry.about}`;
        item.append(link, about);
        return item;
      }),
    );
    list.hidden = !query;
    everything.hidden = query !== "";
    said.textContent = query
      ? `${fits.length} found${fits.length > MOST ? `, the first ${MOST} shown` : ""}.`
      : `${entries.length} to be found.`;
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    const query = field.value.trim();
    location.replace("#" + (query ? new URLSearchParams({ q: query }) : "all"));
  });
  addEventListener("hashchange", apply);
  form.hidden = false;
  apply();
})();
