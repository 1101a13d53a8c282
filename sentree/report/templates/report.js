// The page is complete without this script; it adds a text filter to the timeline.
"use strict";
(() => {
  const field = document.getElementById("find");
  if (!field) return;
  const found = document.getElementById("found");
  const rows = [...document.querySelectorAll("table.timeline tr[id^='r-'], table.timeline tr.gap-row")];
  let texts = null;
  let waiting = 0;
  const apply = () => {
    texts ??= rows.map((row) => row.textContent.toLowerCase());
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, place) => {
      const hit = words.every((word) => texts[place].includes(word));
      row.classList.toggle("unmatched", !hit);
      count += hit ? 1 : 0;
    });
    found.textContent = words.length ? `${count.toLocaleString("en")} rows match` : "";
  };
  field.closest("label").hidden = false;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  // A filtered row would be a dead end for a link from the evidence or the strip.
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    // Long pages draw evidence only when it is near, which moves what the browser scrolled to.
    if (target?.matches(".many article")) requestAnimationFrame(() => target.scrollIntoView());
    if (!target || target.offsetParent !== null || !target.matches("tr")) return;
    field.value = "";
    document.getElementById("lv-0").checked = true;
    apply();
    target.scrollIntoView();
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    field.focus();
  });
})();
