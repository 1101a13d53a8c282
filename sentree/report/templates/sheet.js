// The page can be read without this script; it turns the choices into a CSV file.
"use strict";
(() => {
  const save = document.getElementById("save");
  const left = document.getElementById("left");
  const names = [...new Set([...document.querySelectorAll(".pair input")].map((one) => one.name))];
  const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`)?.value ?? "";
  const count = () => {
    const open = names.filter((name) => !chosen(name)).length;
    left.textContent = open ? `${open} of ${names.length} not chosen yet` : "all chosen";
  };
  document.addEventListener("change", count);
  save.addEventListener("click", () => {
    const rater = document.getElementById("rater").value.replace(/["\r\n]/g, " ").trim();
    const rows = names.map((name) => [document.body.dataset.sheet, name, chosen(name), rater]);
    const text = [["sheet", "item", "choice", "rater"], ...rows]
      .map((row) => row.map((cell) => `"${cell}"`).join(",")).join("\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text + "\n"], { type: "text/csv" }));
    link.download = `ratings-${document.body.dataset.sheet}-${rater || "rater"}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
  save.hidden = false;
  count();
})();
