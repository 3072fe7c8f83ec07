#include "service/tls.h"

#include <fmt/format.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/status_macros.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr unsigned kRefreshS = 1;

template <typename T, void (*kFree)(T*)>
struct Freed {
  void operator()(T* object) const { kFree(object); }
};
void FreeBio(BIO* bio) { BIO_free(bio); }
using Certificate = std::unique_ptr<X509, Freed<X509, X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using File = std::unique_ptr<BIO, Freed<BIO, FreeBio>>;

absl::StatusOr<File> Open(const char* key, const std::string& path) {
  File file(BIO_new_file(path.c_str(), "r"));
  if (file == nullptr) return InvalidField(key, fmt::format("cannot read {}", path));
  return file;
}

absl::StatusOr<Certificate> ReadCertificate(const char* key, const std::string& path) {
  SUFFICE_ASSIGN_OR_RETURN(const File file, Open(key, path));
  Certificate certificate(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return InvalidField(key, fmt::format("expected a certificate in PEM in {}", path));
  return certificate;
}

// gRPC itself would start with what it cannot use, and refuse every handshake.
absl::Status CheckFiles(const TlsConfig& tls) {
  SUFFICE_ASSIGN_OR_RETURN(const Certificate own, ReadCertificate("serve.tls.cert_file", tls.cert_file));
  SUFFICE_ASSIGN_OR_RETURN(const File file, Open("serve.tls.key_file", tls.key_file));
  char no_passphrase[] = "";  // never asks a terminal for one
  const PrivateKey key(PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, no_passphrase));
  if (key == nullptr || X509_check_private_key(own.get(), key.get()) != 1) {
    return InvalidField("serve.tls.key_file",
                        fmt::format("expected the private key (PEM, no passphrase) of {}", tls.cert_file));
  }
  if (tls.client_ca_file.empty()) return absl::OkStatus();
  return ReadCertificate("serve.tls.client_ca_file", tls.client_ca_file).status();
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(const TlsConfig& tls) {
  if (tls.cert_file.empty()) return grpc::InsecureServerCredentials();
  SUFFICE_RETURN_IF_ERROR(CheckFiles(tls));
  namespace experimental = grpc::experimental;
  experimental::TlsServerCredentialsOptions options(std::make_shared<experimental::FileWatcherCertificateProvider>(
      tls.key_file, tls.cert_file, tls.client_ca_file, kRefreshS));
  options.watch_identity_key_cert_pairs();
  if (!tls.client_ca_file.empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return experimental::TlsServerCredentials(options);
}

}  // namespace suffice
