#include "evaluation/page_parts.h"

#include <fmt/format.h>

#include "evaluation/svg.h"

namespace suffice {
namespace {

constexpr std::string_view kPageStyle =
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--bg);color:var(--ink);"
    "font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
    "main{max-width:820px;margin:0 auto;padding:32px 24px 56px}"
    "h1{font-size:26px;line-height:1.25;margin:0 0 8px}h2{font-size:19px;margin:40px 0 4px;overflow-wrap:anywhere}"
    "p{margin:0 0 12px}.soft{color:var(--soft)}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:20px 0 8px}"
    ".card{background:var(--panel);border-radius:10px;padding:12px 16px}"
    ".card b{display:block;font-size:22px;line-height:1.3;font-variant-numeric:tabular-nums}"
    ".card span{color:var(--soft);font-size:13px}"
    "svg.chart{display:block;width:100%;min-width:600px;height:auto}"
    ".scroll{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{text-align:right;padding:6px 10px;border-bottom:1px solid var(--grid)}"
    "th:first-child,td:first-child{text-align:left;padding-left:0}"
    "th{color:var(--soft);font-weight:600;font-size:13px}tr.policy td{font-weight:600}"
    "footer{margin-top:40px;color:var(--soft);font-size:13px;overflow-wrap:anywhere}";

}  // namespace

std::string Page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
      "<meta name='viewport' content='width=device-width,initial-scale=1'>\n<title>Suffice: {0}</title>\n"
      "<style>{1}{2}</style>\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n{3}</main>\n</body>\n</html>\n",
      EscapeXml(title), ChartStyle(), kPageStyle, body);
}

std::string Card(std::string_view value, std::string_view name) {
  return fmt::format("<div class='card'><b>{}</b><span>{}</span></div>\n", EscapeXml(value), EscapeXml(name));
}

std::string Cards(std::string_view cards_html) { return fmt::format("<div class='cards'>\n{}</div>\n", cards_html); }

std::string Figure(std::string_view heading, std::string_view words, std::string_view html) {
  return fmt::format("<h2>{}</h2>\n<p class='soft'>{}</p>\n<div class='scroll'>{}</div>\n", EscapeXml(heading),
                     EscapeXml(words), html);
}

std::string BulletList(const std::vector<std::string>& items) {
  if (items.empty()) return "";
  std::string html = "<ul>\n";
  for (const std::string& item : items) html += "<li>" + EscapeXml(item) + "</li>\n";
  return html + "</ul>\n";
}

}  // namespace suffice
