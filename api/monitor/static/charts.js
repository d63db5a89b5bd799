// Curves from `data-chart` ({x: seconds, series: {name: numbers}}) or from the URL in `data-chart-from`; drawn by uPlot.
"use strict";
const SERIES_COLOURS = {
  finished: "#3f7fd9", failed: "#d55e00", cancelled: "#8a8a8a", closed: "#8a8a8a", merging: "#9a7fd1", waiting: "#8d9a8b", "with a pilot": "#2fa3e6",
  "memory MB": "#3f7fd9", "CPU s": "#d55e00",
};
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
const DAY = 86400;

function timesOf(splits, step) {
  // In the viewer's own form, as everywhere on the page: uPlot's own are American.
  const form = step >= DAY ? { dateStyle: "short" } : { timeStyle: step >= 60 ? "short" : "medium" };
  return splits.map((second) => new Date(second * 1000).toLocaleString(undefined, form));
}

function drawChart(box, data) {
  const names = Object.keys(data.series).filter((name) => data.series[name].some((value) => value !== null));
  const points = new Set(data.x);
  if (!names.length) { box.textContent = box.dataset.chartFrom ? "no heartbeat has told figures" : "nothing to draw yet"; return; }
  if (points.size < 2) {
    const last = data.x.length - 1, values = names.map((name) => `${name} ${data.series[name][last] ?? "unknown"}`).join(", ");
    box.textContent = `one moment only, ${new Date(data.x[last] * 1000).toLocaleString()}: ${values}`;
    return;
  }
  const apart = box.dataset.chartFrom !== undefined;
  box.textContent = "";
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--ink").trim(), line = style.getPropertyValue("--line").trim();
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const along = { ...axis, space: 80, values: (_, splits, __, ___, step) => timesOf(splits, step) };
  const up = apart ? names.map((name, number) => ({ ...axis, scale: name, label: name, side: number ? 1 : 3, size: 60 })) : [{ ...axis, size: 60 }];
  const series = names.map((name, number) => ({
    label: name, stroke: SERIES_COLOURS[name] || "#7a5ea8", scale: apart ? name : "y", width: 2, dash: DASHES[number % DASHES.length], points: { show: points.size < 10 },
  }));
  const time = { label: "time", value: (_, second) => (second === null ? "–" : new Date(second * 1000).toLocaleString()) };
  const options = { width: Math.max(240, box.clientWidth), height: 190, axes: [along, ...up], legend: { live: true }, series: [time, ...series] };
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
      if (data.whole === false) box.append(` (only the first ${data.records} heartbeats of its partition were looked at)`);
    } catch (problem) { box.textContent = `cannot be drawn: ${problem.message}`; }
  }
}
