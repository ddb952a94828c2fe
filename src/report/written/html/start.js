// Start: all parts, in the order in which they stand on the page.

for (const time of document.querySelectorAll("header time")) {
  time.textContent = new Date(time.dateTime).toLocaleString(undefined, {
    dateStyle: "medium",
    timeStyle: "medium",
  });
}
beginFilter();
beginTimeline();
beginDepths();
beginGraph();
beginTables();
beginDetails();
const leftOut = [
  run["left-out"]
    ? `${count(run["left-out"], "attempt", "attempts")} more than this page has room for`
    : "",
  run["logs-left-out"] ? `the logs of ${count(run["logs-left-out"], "attempt", "attempts")}` : "",
].filter(Boolean);
if (leftOut.length)
  document
    .querySelector("footer")
    .append(make("p", {}, `Left out: ${leftOut.join(", ")}. They are kept with the run.`));
for (const hear of filter.heard) hear();
