// TLS and mTLS at the real binary, with certificates made here.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <cstdio>
#include <fstream>

#include "catch.h"
#include "integration/certificates.h"
#include "integration/try_calls.h"

namespace suffice {
namespace {

// In one step, as a tool that renews certificates does it.
void Write(const std::string& path, const std::string& text) {
  std::ofstream(path + ".new") << text;
  REQUIRE(std::rename((path + ".new").c_str(), path.c_str()) == 0);
}

struct Files {
  explicit Files(const TempFolder& folder)
      : certificate(folder.Path("cert.pem")), key(folder.Path("key.pem")), client_ca(folder.Path("ca.pem")) {}
  void Serve(const Identity& identity) const {
    Write(key, identity.key);
    Write(certificate, identity.certificate);
  }
  std::vector<std::string> Arguments(bool mutual) const {
    std::vector<std::string> args = {"--set", "serve.tls.cert_file=\"" + certificate + "\"",  //
                                     "--set", "serve.tls.key_file=\"" + key + "\""};
    if (mutual) args.insert(args.end(), {"--set", "serve.tls.client_ca_file=\"" + client_ca + "\""});
    return args;
  }

  const std::string certificate, key, client_ca;
};

std::shared_ptr<grpc::ChannelCredentials> Trusting(const Identity& authority, const Identity& own = {}) {
  return grpc::SslCredentials({.pem_root_certs = authority.certificate,
                               .pem_private_key = own.key,
                               .pem_cert_chain = own.certificate});
}

// A connection of its own.
std::shared_ptr<grpc::Channel> Connect(const TestServer& server,
                                       const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments own_connection;
  own_connection.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(server.address(), credentials, own_connection);
}

grpc::Status RouteOver(const std::shared_ptr<grpc::Channel>& channel) {
  Context context;
  v1::RouteRequest request;
  v1::RouteResponse response;
  request.set_prompt("hello");
  return v1::RouterService::NewStub(channel)->Route(&context, request, &response);
}

grpc::Status RouteWith(const TestServer& server, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  return RouteOver(Connect(server, credentials));
}

bool IsRefused(const grpc::Status& status) { return status.error_code() == grpc::StatusCode::UNAVAILABLE; }

}  // namespace

TEST_CASE("with a certificate the server speaks TLS alone, and proves who it is", "[tls]") {
  const TempFolder folder;
  const Files files(folder);
  const Identity authority = MakeAuthority("ours"), stranger = MakeAuthority("stranger");
  files.Serve(MakeIdentity("server", authority));
  TestServer server(folder, files.Arguments(false));
  auto trusted = Connect(server, Trusting(authority));
  CHECK(RouteOver(trusted).ok());
  CHECK(IsRefused(RouteWith(server, grpc::InsecureChannelCredentials())));
  CHECK(IsRefused(RouteWith(server, Trusting(stranger))));
  CHECK(RouteOver(trusted).ok());
  trusted.reset();
  CHECK(server.Terminate().code == 0);
}

TEST_CASE("with a client authority only those whom it signed are let in", "[tls]") {
  const TempFolder folder;
  const Files files(folder);
  const Identity authority = MakeAuthority("ours"), clients = MakeAuthority("clients");
  files.Serve(MakeIdentity("server", authority));
  Write(files.client_ca, clients.certificate);
  const Identity client = MakeIdentity("client", clients);
  TestServer server(folder, files.Arguments(true));
  auto trusted = Connect(server, Trusting(authority, client));
  CHECK(RouteOver(trusted).ok());
  CHECK(IsRefused(RouteWith(server, Trusting(authority))));
  CHECK(IsRefused(RouteWith(server, Trusting(authority, MakeIdentity("client", authority)))));
  CHECK(IsRefused(RouteWith(server, grpc::InsecureChannelCredentials())));
  CHECK(RouteOver(trusted).ok());
  trusted.reset();
  CHECK(server.Terminate().code == 0);
}

TEST_CASE("a renewed certificate is served without a restart, and open connections stay", "[tls]") {
  const TempFolder folder;
  const Files files(folder);
  const Identity old = MakeAuthority("old"), renewed = MakeAuthority("renewed");
  files.Serve(MakeIdentity("server", old));
  TestServer server(folder, files.Arguments(false));
  auto trusted = Connect(server, Trusting(old));
  CHECK(RouteOver(trusted).ok());
  CHECK(IsRefused(RouteWith(server, Trusting(renewed))));
  files.Serve(MakeIdentity("server", renewed));
  Until([&] { return RouteWith(server, Trusting(renewed)).ok(); });
  CHECK(IsRefused(RouteWith(server, Trusting(old))));
  CHECK(RouteOver(trusted).ok());
  trusted.reset();
  CHECK(server.Terminate().code == 0);
}

TEST_CASE("a certificate that does not fit its key, or is none, ends the start by its key", "[tls]") {
  const TempFolder folder;
  const Files files(folder);
  const Identity authority = MakeAuthority("ours");
  const auto refused = [&](const Identity& identity, const std::string& key) {
    files.Serve(identity);
    std::vector<std::string> args = {"serve", "--listen", "127.0.0.1:0", "--config", Policy("two_tiers.yaml"),
                                     "--db", folder.Path("log.db")};
    const std::vector<std::string> tls = files.Arguments(false);
    args.insert(args.end(), tls.begin(), tls.end());
    ChildProcess server(args);
    CHECK(server.Wait().code == 1);
    INFO(server.err());
    CHECK(server.err().find(key) != std::string::npos);
  };
  const Identity one = MakeIdentity("one", authority), other = MakeIdentity("other", authority);
  refused({one.certificate, other.key}, "serve.tls.key_file");
  refused({"no certificate", one.key}, "serve.tls.cert_file");
}

}  // namespace suffice
