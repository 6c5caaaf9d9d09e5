#include "simulation/report/report_style.h"

namespace cairn {

const std::string_view kReportStyle = R"(:root {
  --page: #fbfaf8; --card: #ffffff; --ink: #1d1b18; --soft: #6a655e; --line: #e4e0d9; --grid: #ece8e1;
  --l1: #1f6f8b; --l2: #c0562b; --l3: #5b7f3a; --l4: #8a5a9e; --good: #2f6f43; --bad: #a8321f; --mark: #f2efe9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #161513; --card: #1e1d1a; --ink: #ece8e1; --soft: #a29b90; --line: #34312c; --grid: #2b2925;
    --l1: #63b3cf; --l2: #e88a5f; --l3: #9bc274; --l4: #c79ad9; --good: #7cc493; --bad: #f08d7b; --mark: #292723;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1rem; }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -.015em; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .6rem; }
header p { margin: 0; color: var(--soft); }
.state { font-size: .8rem; font-weight: 600; padding: .12rem .55rem; border-radius: 1rem; margin-right: .4rem;
  border: 1px solid currentColor; color: var(--soft); }
.state.finished { color: var(--good); }
.state.failed, .error { color: var(--bad); }
.error { border-left: 3px solid var(--bad); padding-left: .8rem; }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0; }
.tile, figure { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.tile { flex: 1 1 10.5rem; padding: .8rem 1rem; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; }
.tile dd { font-size: 1.65rem; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile small { font-size: .95rem; font-weight: 400; color: var(--soft); }
.tile .note, .note { font-size: .85rem; font-weight: 400; color: var(--soft); }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: .1rem 1.5rem; margin: 0 0 1.5rem; }
.facts div { display: flex; gap: .6rem; border-bottom: 1px solid var(--line); padding: .25rem 0; }
.facts dt { flex: 0 0 6.5rem; font-size: .9rem; }
.facts dd { font-size: .9rem; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18.5rem), 1fr)); gap: .75rem; }
figure { margin: 0; padding: .8rem 1rem .6rem; }
figcaption { font-weight: 600; font-size: .95rem; margin-bottom: .3rem; }
figure svg { display: block; width: 100%; height: auto; overflow: visible; }
.key { font-weight: 400; font-size: .85rem; color: var(--soft); margin-left: 1rem; white-space: nowrap; }
.key::before { content: ""; display: inline-block; width: 1.1rem; border-top: 2px solid; vertical-align: .25em; margin-right: .35rem; }
.k1::before { color: var(--l1); } .k2::before { color: var(--l2); border-top-style: dashed; }
.k3::before { color: var(--l3); border-top-style: dotted; } .k4::before { color: var(--l4); }
.grid { stroke: var(--grid); stroke-width: 1; }
.tick, .name { fill: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; }
polyline { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
polyline.l1 { stroke: var(--l1); } polyline.l2 { stroke: var(--l2); stroke-dasharray: 5 4; }
polyline.l3 { stroke: var(--l3); stroke-dasharray: 1.5 4; } polyline.l4 { stroke: var(--l4); }
circle.l1 { fill: var(--l1); } circle.l2 { fill: var(--l2); } circle.l3 { fill: var(--l3); } circle.l4 { fill: var(--l4); }
.bars { display: block; } .bars rect { fill: var(--l1); } .bars .zero { fill: var(--line); }
.scroll { overflow: auto; max-height: 32rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .4rem .9rem; white-space: nowrap; font-weight: 400; }
thead th { position: sticky; top: 0; background: var(--card); color: var(--soft); font-size: .82rem; box-shadow: 0 1px 0 var(--line); }
tbody tr + tr > * { border-top: 1px solid var(--grid); }
tbody th { color: var(--soft); }
.best > * { background: var(--mark); font-weight: 600; }
.text { text-align: left; } .none { color: var(--soft); text-align: left; }
details { margin-top: 2.5rem; }
summary { cursor: pointer; font-weight: 600; font-size: 1.1rem; }
pre { overflow: auto; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem;
  font: .85rem/1.5 ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace; }
footer { margin-top: 3rem; padding-top: .8rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .85rem; }
:focus-visible { outline: 2px solid var(--l1); outline-offset: 2px; }
@media (max-width: 30rem) { main { padding: 1.5rem .9rem 2rem; } .tile dd { font-size: 1.35rem; }
  .tile { flex-basis: 8.5rem; } th, td { padding: .35rem .6rem; } }
@media print {
  :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --grid: #ddd; --mark: #eee;
    --l1: #1f6f8b; --l2: #c0562b; --l3: #5b7f3a; --l4: #8a5a9e; }
  main { max-width: none; padding: 0; } .scroll { max-height: none; overflow: visible; border: 0; }
  table { font-size: .75rem; } th, td { padding: .2rem .4rem; }
  figure, .tile, tr { break-inside: avoid; } thead { display: table-header-group; } thead th { position: static; }
}
)";

}  // namespace cairn
