// What reacts to a person: the table's controls, the links to trials, the dots of the pictures.
let touched = false;
document.getElementById("table").style.setProperty("--columns", data.columns.length - 1);
const head = document.querySelector("#table thead tr");
data.columns.forEach((column, place) => {
  const button = make("button", column.name, { type: "button" });
  button.addEventListener("click", () => {
    state.down = state.column === place ? !state.down : typeof data.rows.find((r) => r[place] !== null)?.[place] === "number";
    Object.assign(state, { column: place, page: 0 });
    draw();
  });
  const isNumber = data.rows.some((row) => typeof row[place] === "number");
  const cell = make("th", undefined, isNumber ? { class: "number" } : {});
  cell.append(button);
  head.append(cell);
});
document.getElementById("filter").addEventListener("input", () => { state.page = 0; draw(); });
document.getElementById("status").addEventListener("change", () => { state.page = 0; draw(); });
document.getElementById("back").addEventListener("click", () => { state.page -= 1; draw(); });
document.getElementById("next").addEventListener("click", () => { state.page += 1; draw(); });

function toggle(row) {
  const number = Number(row.dataset.number);
  state.open = state.open === number ? null : number;
  draw();
}
const body = document.querySelector("#table tbody");
body.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-number]");
  if (row && !String(window.getSelection())) toggle(row);
});
body.addEventListener("keydown", (event) => {
  const row = event.target.closest("tr[data-number]");
  if (row && event.key === "Enter") {
    toggle(row);
    document.querySelector(`tr[data-number="${row.dataset.number}"]`)?.focus();
  }
});
document.addEventListener("click", (event) => {
  touched = true;
  const link = event.target.closest("a[data-trial]");
  if (!link) return;
  event.preventDefault();
  show(Number(link.dataset.trial));
});
document.addEventListener("input", () => { touched = true; });

// The dot nearest to the mouse says which trial it is; a click opens it in the table.
const tip = document.getElementById("tip");
const dotsOf = new WeakMap();
function dots(svg) {
  if (!dotsOf.has(svg)) {
    const found = [];
    for (const path of svg.querySelectorAll("path[data-trials]")) {
      const numbers = path.dataset.trials.split(",");
      path.getAttribute("d").split("M").slice(1).forEach((point, place) => {
        const [x, y] = point.replace("h0", "").split(" ").map(Number);
        found.push([x, y, Number(numbers[place])]);
      });
    }
    dotsOf.set(svg, found);
  }
  return dotsOf.get(svg);
}
function nearest(svg, event) {
  const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
  const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
  let best = null, least = 15 * 15;
  for (const dot of dots(svg)) {
    const distance = (dot[0] - x) ** 2 + (dot[1] - y) ** 2;
    if (distance < least) [best, least] = [dot[2], distance];
  }
  return best;
}
for (const svg of document.querySelectorAll("svg.chart")) {
  if (!svg.querySelector("path[data-trials]")) continue;
  svg.addEventListener("mousemove", (event) => {
    const number = nearest(svg, event), row = byNumber.get(number);
    tip.hidden = !row;
    svg.classList.toggle("over", Boolean(row));
    if (!row) return;
    const values = data.columns.map((column, place) => [column, row[place]])
      .filter(([column, value]) => typeof value === "number" && !["trial", "epochs", "seconds"].includes(column.key))
      .slice(0, 4).map(([column, value]) => `${column.name} ${shown(value, column.key)}`);
    tip.replaceChildren(make("b", `${data.unit} ${number}`), make("div", values.join(", ")), make("div", row.text.slice(0, 160)));
    tip.style.left = `${Math.min(event.pageX + 14, document.documentElement.clientWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${event.pageY + 14}px`;
  });
  svg.addEventListener("mouseleave", () => { tip.hidden = true; });
  svg.addEventListener("click", (event) => {
    const number = nearest(svg, event);
    if (number !== null) show(number);
  });
}
draw();
// On paper, everything that is folded away is open.
const folded = () => document.querySelectorAll("details:not([open])");
window.addEventListener("beforeprint", () => folded().forEach((one) => { one.open = true; one.dataset.folded = ""; }));
window.addEventListener("afterprint", () =>
  document.querySelectorAll("details[data-folded]").forEach((one) => { one.open = false; delete one.dataset.folded; }));
if (data.running) setInterval(() => { if (!touched) location.reload(); }, 30000);
