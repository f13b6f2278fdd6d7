// The forms with a generation's parameters: counters, drop zone, presets, price.
(() => {
  "use strict";

  for (const area of document.querySelectorAll("[data-counter]")) counter(area);
  for (const number of document.querySelectorAll("input[type=number][max]")) slider(number);
  for (const zone of document.querySelectorAll("[data-drop]")) dropZone(zone);
  for (const form of document.querySelectorAll("[data-preset-form]")) {
    presets(form);
    price(form);
    budgets(form);
  }

  // Counts as the server does: code points after line ends are unified and the edges trimmed.
  function counter(area) {
    const shown = document.querySelector(`[data-counter-for="${area.id}"]`);
    const most = Number(area.dataset.counter);
    const warn = Number(area.dataset.counterWarn || most);
    const show = () => {
      const length = [...area.value.replace(/\r\n?/g, "\n").trim()].length;
      shown.textContent = `${length} / ${most}`;
      shown.classList.toggle("kp-counter-over", length > most);
      shown.classList.toggle("kp-counter-warn", length > warn && length <= most);
    };
    for (const name of ["input", "refill"]) area.addEventListener(name, show);
    show();
  }

  function slider(number) {
    const range = document.createElement("input");
    range.type = "range";
    for (const name of ["min", "max", "step"]) range.setAttribute(name, number.getAttribute(name));
    range.setAttribute("aria-label", number.labels[0]?.textContent || number.name);
    range.className = "kp-range";
    const middle = (Number(range.min) + Number(range.max)) / 2;
    const follow = () => {
      range.value = number.value === "" ? middle : number.value;
      range.classList.toggle("kp-range-open", number.value === "");
    };
    range.addEventListener("input", () => {
      number.value = range.value;
      number.dispatchEvent(new Event("input", { bubbles: true }));
    });
    for (const name of ["input", "refill"]) number.addEventListener(name, follow);
    number.classList.add("kp-number");
    const row = document.createElement("div");
    row.className = "kp-range-row";
    const wrapper = number.parentElement;
    wrapper.before(row);
    row.append(range, wrapper);
    follow();
  }

  function dropZone(zone) {
    const input = zone.querySelector("[data-drop-input]");
    const kept = zone.querySelector("[data-drop-kept]");
    const preview = zone.querySelector("[data-drop-preview]");
    const facts = zone.querySelector("[data-drop-facts]");
    let address = "";

    const clear = () => {
      input.value = "";
      kept.value = "";
      preview.hidden = true;
      preview.removeAttribute("src");
      facts.textContent = "";
      zone.classList.remove("kp-drop-filled", "kp-drop-wrong");
    };
    const show = () => {
      const file = input.files[0];
      if (!file) return;
      kept.value = "";
      URL.revokeObjectURL(address);
      address = URL.createObjectURL(file);
      preview.src = address;
      preview.hidden = false;
      zone.classList.add("kp-drop-filled");
      const isLarge = file.size > Number(zone.dataset.maxBytes);
      zone.classList.toggle("kp-drop-wrong", isLarge);
      const size = sizeText(file.size, facts.dataset);
      facts.textContent = `${file.name} · ${size}${isLarge ? ` — ${facts.dataset.tooLarge}` : ""}`;
      preview.onload = () => {
        facts.textContent += ` · ${preview.naturalWidth}×${preview.naturalHeight}`;
        preview.onload = null;
      };
    };

    input.addEventListener("change", (event) => {
      // Unfold's own listener expects its own file field around the input.
      event.stopImmediatePropagation();
      show();
    });
    zone.querySelector("[data-drop-remove]").addEventListener("click", clear);
    for (const name of ["dragenter", "dragover"]) {
      zone.addEventListener(name, (event) => {
        event.preventDefault();
        zone.classList.add("kp-drop-over");
      });
    }
    zone.addEventListener("dragleave", (event) => {
      if (!zone.contains(event.relatedTarget)) zone.classList.remove("kp-drop-over");
    });
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("kp-drop-over");
      take(event.dataTransfer.files);
    });
    document.addEventListener("paste", (event) => take(event.clipboardData?.files || []));

    function take(files) {
      const picture = [...files].find((file) => file.type.startsWith("image/"));
      if (!picture) return;
      const chosen = new DataTransfer();
      chosen.items.add(picture);
      input.files = chosen.files;
      show();
    }
  }

  function sizeText(bytes, units) {
    const megabytes = bytes / 1024 / 1024;
    return megabytes >= 1
      ? `${megabytes.toFixed(1)} ${units.mb}`
      : `${Math.max(1, Math.round(bytes / 1024))} ${units.kb}`;
  }

  // A preset fills what nobody has typed; what was typed and then emptied stays empty.
  function presets(form) {
    const inputs = JSON.parse(document.getElementById("preset-inputs").textContent);
    const select = form.elements.preset;
    const emptied = form.elements.emptied;
    const names = form.dataset.presetForm.split(" ").filter((name) => form.elements[name]);
    const first = Object.fromEntries(names.map((name) => [name, form.elements[name].value]));
    const typed = new Set(emptied.value.split(" ").filter(Boolean));
    if ("filled" in form.dataset) {
      for (const name of names) if (first[name] !== "") typed.add(name);
    }

    form.addEventListener("input", (event) => {
      if (names.includes(event.target.name)) typed.add(event.target.name);
      mark();
    });
    select.addEventListener("change", fill);
    if (select.value) fill();

    function fill() {
      const preset = inputs[select.value] || {};
      for (const name of names) {
        if (typed.has(name)) continue;
        const field = form.elements[name];
        field.value = name in preset ? String(preset[name]) : first[name];
        if (field instanceof HTMLElement) field.dispatchEvent(new Event("refill"));
      }
      mark();
      form.dispatchEvent(new Event("refill"));
    }
    function mark() {
      emptied.value = [...typed].filter((name) => form.elements[name].value === "").join(" ");
    }
  }

  function price(form) {
    const shown = form.querySelector("[data-price-shown]");
    const show = () => {
      const chosen = form.querySelector("[data-price]:checked");
      if (chosen) shown.textContent = chosen.dataset.price || "—";
    };
    form.addEventListener("change", show);
    form.addEventListener("refill", show);
    show();
  }

  // What is left of a project's budget is shown while the project is chosen.
  function budgets(form) {
    const lines = form.querySelectorAll("[data-budget-project]");
    const project = form.querySelector("[name=project]");
    const show = () => {
      for (const line of lines) line.hidden = line.dataset.budgetProject !== project.value;
    };
    if (project && lines.length) project.addEventListener("change", show);
  }
})();
