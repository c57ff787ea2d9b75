// Sets the theme before the first paint, so that nobody in the dark is flashed. It is a file of its own rather than an
// inline script so that the server's Content-Security-Policy can forbid those. src/platform/theme.ts takes over later.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem("confab.theme");
  } catch {
    // Storage is blocked: follow the system.
  }
  const dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.querySelector('meta[name="theme-color"]').content = dark ? "#12191a" : "#ffffff";
})();
