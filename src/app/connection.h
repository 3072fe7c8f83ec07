// How a client command reaches a server: its address, the bearer key it shows, and TLS.
// Thread contract: Open from one thread; a Connection may be used by many.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/channel_arguments.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "app/flags.h"

namespace suffice {

struct Connection {
  std::string address;  // for messages
  std::shared_ptr<grpc::Channel> channel;
  std::string key;  // empty: none is shown

  // Puts the key into the call's metadata, and its deadline.
  void Prepare(double timeout_s, grpc::ClientContext& context) const;
};

struct ConnectionFlags {
  std::string address = "127.0.0.1:7433";
  std::string key_file;         // empty: SUFFICE_KEY, if there is one
  std::string ca_file;          // empty: plain text
  std::string cert_file;        // of the client; empty: it shows none
  std::string client_key_file;  // its private key

  void AddTo(Flags& flags);
  // INVALID_ARGUMENT or NOT_FOUND naming the flag; no error shows a key. Does not wait for the server.
  absl::StatusOr<Connection> Open(const Io& io, const grpc::ChannelArguments& arguments = {}) const;
};

}  // namespace suffice
