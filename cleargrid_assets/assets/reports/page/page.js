// The selectors of channel and month, and a hash in the address that keeps them. Without this the page shows everything.
(() => {
  "use strict";
  const selectors = [...document.querySelectorAll("select[data-selects]")];
  const chosen = () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");

  function show(selector) {
    const name = selector.dataset.selects;
    for (const element of document.querySelectorAll(`[data-${name}]`)) {
      const value = element.dataset[name];
      element.hidden = selector.value !== "" && value !== "(all)" && value !== selector.value;
      if (element.tagName === "DETAILS" && value === chosen().get(name)) element.open = true;
    }
    if (name === "channel") draw(selector.value);
    markWhatIsCut();
  }

  // Of each chart the channel's own drawing, or else that of all channels with a note that says so.
  function draw(channel) {
    for (const note of document.querySelectorAll(".whole")) note.hidden = channel === "";
    for (const chart of document.querySelectorAll(".steered")) {
      const [all, ...others] = chart.querySelectorAll("[data-drawn]");
      const own = others.find((drawing) => drawing.dataset.drawn === channel);
      for (const drawing of [all, ...others]) drawing.hidden = drawing !== (own || all);
      if (own) chart.querySelector(".whole").hidden = true;
    }
  }

  // Say of what is wider than the screen that it scrolls.
  function markWhatIsCut() {
    for (const element of document.querySelectorAll(".tables, .wide")) {
      element.classList.toggle("cut", element.scrollWidth > element.clientWidth + 1);
    }
  }

  function restore() {
    const values = chosen();
    for (const selector of selectors) {
      const wanted = values.get(selector.dataset.selects);
      const isKnown = [...selector.options].some((option) => option.value === wanted);
      selector.value = isKnown ? wanted : selector.dataset.default;
      show(selector);
    }
    document.getElementById(values.get("at") || "")?.scrollIntoView();
  }

  function remember(name, value) {
    const values = chosen();
    if (value) values.set(name, value);
    else values.delete(name);
    history.replaceState(null, "", `#${values}`);
  }

  for (const selector of selectors) {
    selector.addEventListener("change", () => {
      remember(selector.dataset.selects, selector.value);
      show(selector);
    });
  }
  for (const link of document.querySelectorAll("#contents a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const anchor = link.getAttribute("href").slice(1);
      remember("at", anchor);
      document.getElementById(anchor).scrollIntoView();
    });
  }
  addEventListener("resize", markWhatIsCut);
  addEventListener("toggle", markWhatIsCut, true);
  addEventListener("hashchange", () => {
    if (location.hash.includes("=") || location.hash === "") restore();
  });
  for (const element of document.querySelectorAll(".selector")) element.hidden = false;
  restore();
})();
