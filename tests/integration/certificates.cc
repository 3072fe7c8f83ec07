#include "integration/certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <memory>

#include "catch.h"

namespace suffice {
namespace {

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free_all>>;

template <typename Write>
std::string Pem(const Write& write) {
  const Memory memory(BIO_new(BIO_s_mem()));
  REQUIRE(write(memory.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

Certificate ReadCertificate(const std::string& pem) {
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certificate certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
  REQUIRE(certificate != nullptr);
  return certificate;
}

Key ReadKey(const std::string& pem) {
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
  REQUIRE(key != nullptr);
  return key;
}

void Extend(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  REQUIRE(extension != nullptr);
  REQUIRE(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

// `authority`: null: it signs itself.
Identity Make(const std::string& name, const Identity* authority) {
  const Key key(EVP_EC_gen("P-256"));
  REQUIRE(key != nullptr);
  const Certificate certificate(X509_new());
  X509* const made = certificate.get();
  X509_set_version(made, X509_VERSION_3);
  uint32_t serial = 0;
  REQUIRE(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(made), 1 + (serial >> 2));
  X509_gmtime_adj(X509_getm_notBefore(made), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made), 24 * 3600);
  X509_set_pubkey(made, key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  const Certificate issuer = authority == nullptr ? nullptr : ReadCertificate(authority->certificate);
  const Key issuer_key = authority == nullptr ? nullptr : ReadKey(authority->key);
  X509* const signed_by = issuer != nullptr ? issuer.get() : made;
  X509_set_issuer_name(made, X509_get_subject_name(signed_by));
  Extend(made, signed_by, NID_basic_constraints, authority == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
  if (authority != nullptr) Extend(made, signed_by, NID_subject_alt_name, "IP:127.0.0.1");
  REQUIRE(X509_sign(made, issuer_key != nullptr ? issuer_key.get() : key.get(), EVP_sha256()) > 0);
  return {Pem([&](BIO* out) { return PEM_write_bio_X509(out, made); }),
          Pem([&](BIO* out) { return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

}  // namespace

Identity MakeAuthority(const std::string& name) { return Make(name, nullptr); }
Identity MakeIdentity(const std::string& name, const Identity& authority) { return Make(name, &authority); }

}  // namespace suffice
