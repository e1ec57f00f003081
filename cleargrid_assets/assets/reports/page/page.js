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
  addEventListener("hashchange", () => {
    if (location.hash.includes("=") || location.hash === "") restore();
  });
  document.getElementById("selectors").hidden = false;
  restore();
})();
