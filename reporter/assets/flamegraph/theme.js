// Light or dark: as the system says, until the reader chooses.

class Theme {
  constructor(button, changed) {
    this.button = button;
    this.changed = changed;
    this.system = matchMedia("(prefers-color-scheme: dark)");
    this.system.addEventListener("change", () => this.show());
    this.chosen = Theme.remembered();
    button.addEventListener("click", () => {
      this.chosen = this.name === "dark" ? "light" : "dark";
      Theme.remember(this.chosen);
      this.show();
    });
    this.printing = false;
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
    this.label();
  }

  get name() {
    if (this.printing) return "light";
    return this.chosen ?? (this.system.matches ? "dark" : "light");
  }

  label() {
    const { name } = this;
    document.documentElement.dataset.theme = name;
    this.button.setAttribute("aria-label", name === "dark" ? "Use light colours" : "Use dark colours");
    this.button.title = this.button.getAttribute("aria-label");
    this.button.textContent = name === "dark" ? "☀" : "☾";
  }

  show() {
    this.label();
    this.changed();
  }

  // Paper is white.
  print(printing) {
    this.printing = printing;
    this.show();
  }

  // Files may have no storage; then the choice lasts as long as the page.
  static remembered() {
    try {
      const chosen = localStorage.getItem("memprof-theme");
      return ["light", "dark"].includes(chosen) ? chosen : null;
    } catch {
      return null;
    }
  }

  static remember(name) {
    try {
      localStorage.setItem("memprof-theme", name);
    } catch {
      // See above.
    }
  }
}
