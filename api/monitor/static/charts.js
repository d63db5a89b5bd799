// Curves from `data-chart` ({x: seconds, series: {name: numbers}}) or from the URL in `data-chart-from`; drawn by uPlot.
"use strict";
const SERIES_COLOURS = {
  finished: "#3f7fd9", failed: "#d55e00", cancelled: "#8a8a8a", closed: "#8a8a8a", merging: "#56b4e9", "memory MB": "#3f7fd9", "CPU s": "#d55e00",
};
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

function drawChart(box, data) {
  const names = Object.keys(data.series);
  if (!names.length || !data.x.length) { box.textContent = "nothing to draw yet"; return; }
  if (data.x.length < 2) {
    const values = names.map((name) => `${name} ${data.series[name][0] ?? "unknown"}`).join(", ");
    box.textContent = `one point only, at ${new Date(data.x[0] * 1000).toLocaleString()}: ${values}`;
    return;
  }
  const apart = box.dataset.chartFrom !== undefined;
  box.textContent = "";
  const ink = getComputedStyle(document.documentElement).getPropertyValue("--ink").trim();
  const line = getComputedStyle(document.documentElement).getPropertyValue("--line").trim();
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const options = {
    width: Math.max(240, box.clientWidth), height: 190, axes: [{ ...axis }, ...(apart ? names.map((name, number) => ({ ...axis, scale: name, label: name, side: number ? 1 : 3, size: 60 })) : [{ ...axis, size: 60 }])], legend: { live: true },
    series: [{}, ...names.map((name, number) => ({
      label: name, stroke: SERIES_COLOURS[name] || "#7a5ea8", scale: apart ? name : "y", width: 2, dash: DASHES[number % DASHES.length], points: { show: data.x.length < 3 },
    }))],
  };
  new uPlot(options, [data.x, ...names.map((name) => data.series[name])], box);
}

async function drawCharts() {
  for (const box of document.querySelectorAll("[data-chart]")) {
    if (box.drawnFrom === box.dataset.chart) continue;
    box.drawnFrom = box.dataset.chart;
    drawChart(box, JSON.parse(box.dataset.chart));
  }
  for (const box of document.querySelectorAll("[data-chart-from]")) {
    if (box.drawnFrom) continue;
    box.drawnFrom = box.dataset.chartFrom;
    try {
      const answer = await fetch(box.dataset.chartFrom);
      const data = await answer.json();
      if (!answer.ok) throw new Error(data.detail);
      drawChart(box, data);
      if (!data.whole) box.append(` (only the first ${data.records} heartbeats of its partition were looked at)`);
    } catch (problem) { box.textContent = `cannot be drawn: ${problem.message}`; }
  }
}
