#include "app/connection.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "base/status_macros.h"
#include "suffice/status.h"

namespace suffice {
namespace {

// Empty for an empty path.
absl::StatusOr<std::string> ReadFlagFile(std::string_view flag, const std::string& path) {
  if (path.empty()) return "";
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad()) return absl::NotFoundError(fmt::format("--{}: cannot read {}", flag, path));
  return text;
}

absl::StatusOr<std::string> ReadKey(const std::string& key_file, const Io& io) {
  SUFFICE_ASSIGN_OR_RETURN(std::string text, ReadFlagFile("key-file", key_file));
  if (key_file.empty()) text = io.env("SUFFICE_KEY").value_or("");
  const std::string key(absl::StripAsciiWhitespace(text));
  // What gRPC would not take as metadata.
  const bool printable = std::all_of(key.begin(), key.end(), [](unsigned char c) { return absl::ascii_isgraph(c); });
  if (!printable || (key.empty() && !key_file.empty())) {
    return InvalidField(key_file.empty() ? "SUFFICE_KEY" : "--key-file", "expected one key of printable characters");
  }
  return key;
}

}  // namespace

void Connection::Prepare(double timeout_s, grpc::ClientContext& context) const {
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::microseconds(static_cast<int64_t>(timeout_s * 1e6)));
  if (!key.empty()) context.AddMetadata("authorization", "Bearer " + key);
}

void ConnectionFlags::AddTo(Flags& flags) {
  flags.Add("address", &address, {.value = "HOST:PORT", .help = "of the server"})
      .Add("key-file", &key_file, {.value = "FILE", .help = "the bearer key to show; else that in SUFFICE_KEY"})
      .Add("ca-file", &ca_file, {.value = "FILE", .help = "speak TLS, and trust these authorities (PEM)"})
      .Add("cert-file", &cert_file, {.value = "FILE", .help = "the client's own certificate (PEM)"})
      .Add("client-key-file", &client_key_file, {.value = "FILE", .help = "its private key (PEM)"});
}

absl::StatusOr<Connection> ConnectionFlags::Open(const Io& io, const grpc::ChannelArguments& arguments) const {
  if (cert_file.empty() != client_key_file.empty() || (ca_file.empty() && !cert_file.empty())) {
    return absl::InvalidArgumentError("--cert-file and --client-key-file go together, and with --ca-file");
  }
  Connection connection{.address = address};
  SUFFICE_ASSIGN_OR_RETURN(connection.key, ReadKey(key_file, io));
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (!ca_file.empty()) {
    grpc::SslCredentialsOptions tls;
    SUFFICE_ASSIGN_OR_RETURN(tls.pem_root_certs, ReadFlagFile("ca-file", ca_file));
    SUFFICE_ASSIGN_OR_RETURN(tls.pem_cert_chain, ReadFlagFile("cert-file", cert_file));
    SUFFICE_ASSIGN_OR_RETURN(tls.pem_private_key, ReadFlagFile("client-key-file", client_key_file));
    credentials = grpc::SslCredentials(tls);
  }
  connection.channel = grpc::CreateCustomChannel(address, credentials, arguments);
  return connection;
}

}  // namespace suffice
