#include "reply.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace suffice::fake {
namespace {

const char* ReasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 429:
      return "Too Many Requests";
    default:
      return "Error";
  }
}

std::string Head(int status, const std::string& type, const Headers& headers) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\n", status, ReasonOf(status), type);
  for (const auto& [name, value] : headers) head += fmt::format("{}: {}\r\n", name, value);
  return head + "\r\n";
}

std::string Chunk(const std::string& bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }

std::string AllBytes(const Reply& reply) {
  std::string bytes;
  for (const std::string& piece : reply.pieces) bytes += piece;
  return bytes;
}

}  // namespace

Reply JsonReply(int status, const std::string& body, const Headers& headers) {
  Headers all = headers;
  all.emplace_back("Content-Length", std::to_string(body.size()));
  Reply reply;
  reply.pieces = {Head(status, "application/json", all) + body};
  return reply;
}

Reply ErrorReply(int status, const std::string& message, const std::string& code, const Headers& headers,
                 const std::string& parameter) {
  nlohmann::json error{{"message", message}, {"type", "fake_provider_error"}, {"code", code}};
  if (!parameter.empty()) error["param"] = parameter;
  return JsonReply(status, nlohmann::json{{"error", error}}.dump(), headers);
}

Reply EventReply(const std::vector<std::string>& events) {
  Reply reply;
  reply.pieces = {Head(200, "text/event-stream", {{"Transfer-Encoding", "chunked"}})};
  for (const std::string& event : events) reply.pieces.push_back(Chunk("data: " + event + "\n\n"));
  reply.pieces.back() += "0\r\n\r\n";
  return reply;
}

Reply Trickled(const Reply& reply, double pause_s) {
  Reply trickled = reply;
  trickled.pieces.clear();
  trickled.pause_s = pause_s;
  for (const char byte : AllBytes(reply)) trickled.pieces.emplace_back(1, byte);
  return trickled;
}

Reply Cut(const Reply& reply) {
  Reply cut = reply;
  const std::string bytes = AllBytes(reply);
  cut.pieces = {bytes.substr(0, bytes.size() / 2)};
  cut.close = true;
  return cut;
}

}  // namespace suffice::fake
