// Light or dark as chosen before; without a choice as the system has it. Runs before anything is drawn.
"use strict";
{
  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
}
