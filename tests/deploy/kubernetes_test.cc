// tools/deploy/kubernetes: the manifests fit each other, and the program takes what they give it.
#include <curl/curl.h>

#include <fstream>
#include <set>

#include "deploy/deploy_testing.h"
#include "integration/child_process.h"
#include "suffice/config.h"
#include "temp_folder.h"
#include "yaml-cpp/yaml.h"

namespace suffice {
namespace {

std::vector<YAML::Node> Documents(const std::string& name) { return YAML::LoadAll(DeployFile("kubernetes/" + name)); }

YAML::Node StatefulSet() { return Documents("statefulset.yaml").at(0); }
YAML::Node PodSpec() { return StatefulSet()["spec"]["template"]["spec"]; }
YAML::Node Container() { return PodSpec()["containers"][0]; }
std::string PolicyText() { return Documents("configmap.yaml").at(0)["data"]["policy.yaml"].as<std::string>(); }

Config Policy() {
  const auto config = ParseConfig(PolicyText(), "configmap.yaml");
  INFO(config.status());
  REQUIRE(config.ok());
  return *config;
}

int PortOf(const std::string& address) { return std::stoi(address.substr(address.rfind(':') + 1)); }

int ContainerPort(const std::string& name) {
  for (const auto& port : Container()["ports"]) {
    if (port["name"].as<std::string>() == name) return port["containerPort"].as<int>();
  }
  FAIL("no port " << name);
  return 0;
}

// Where a volume is mounted, by its name.
std::map<std::string, std::string> Mounts() {
  std::map<std::string, std::string> mounts;
  for (const auto& mount : Container()["volumeMounts"]) {
    mounts[mount["name"].as<std::string>()] = mount["mountPath"].as<std::string>();
  }
  return mounts;
}

long HttpStatus(const std::string& url) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), curl_easy_cleanup);
  REQUIRE(curl != nullptr);
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_NOBODY, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, 20'000L);
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  if (curl_easy_perform(curl.get()) != CURLE_OK) return 0;
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

}  // namespace

TEST_CASE("every manifest is YAML with a kind and a name, and the list names them all", "[deploy]") {
  std::set<std::string> listed = {"kustomization.yaml", "secret.example.yaml"};
  for (const auto& name : Documents("kustomization.yaml").at(0)["resources"]) listed.insert(name.as<std::string>());
  for (const std::string& path : DeployFiles("kubernetes", ".yaml")) {
    const std::string name = path.substr(path.find('/') + 1);
    INFO(name);
    CHECK(listed.erase(name) == 1);
    for (const YAML::Node& document : Documents(name)) {
      CHECK(document["apiVersion"].IsScalar());
      CHECK(document["kind"].IsScalar());
      if (name != "kustomization.yaml") CHECK(document["metadata"]["name"].IsScalar());
    }
  }
  CHECK(listed.empty());
}

TEST_CASE("the policy of the ConfigMap is valid, and its ports and files are the pod's", "[deploy]") {
  const TempFolder folder;
  const std::string path = folder.Path("policy.yaml");
  std::ofstream(path) << PolicyText();
  ChildProcess check({"check-config", path});
  CHECK(check.Wait().code == 0);
  CHECK(check.err().empty());

  const Config policy = Policy();
  CHECK(PortOf(policy.serve.listen) == ContainerPort("grpc"));
  CHECK(PortOf(policy.serve.admin_listen) == ContainerPort("admin"));
  for (const YAML::Node& service : Documents("service.yaml")) {
    const YAML::Node port = service["spec"]["ports"][0];
    CHECK(port["port"].as<int>() == ContainerPort(port["targetPort"].as<std::string>()));
  }
  const auto mounts = Mounts();
  CHECK(policy.serve.tls.cert_file == mounts.at("tls") + "/tls.crt");  // the names that a TLS secret's files have
  CHECK(policy.serve.tls.key_file == mounts.at("tls") + "/tls.key");
  CHECK(policy.serve.keys_file == mounts.at("keys") + "/keys.yaml");
}

TEST_CASE("the pod starts the server with flags that there are", "[deploy]") {
  const auto args = Container()["args"].as<std::vector<std::string>>();
  CheckCommandLine(args);
  const auto mounts = Mounts();
  CHECK(ValuesOf(args, "--config") == std::vector{mounts.at("policy") + "/policy.yaml"});
  CHECK(ValuesOf(args, "--db")[0].starts_with(mounts.at("data") + "/"));
  // Every mount has its volume.
  std::set<std::string> volumes;
  for (const auto& volume : PodSpec()["volumes"]) volumes.insert(volume["name"].as<std::string>());
  for (const auto& claim : StatefulSet()["spec"]["volumeClaimTemplates"]) {
    volumes.insert(claim["metadata"]["name"].as<std::string>());
  }
  for (const auto& [name, path] : mounts) CHECK(volumes.contains(name));
}

TEST_CASE("one pod writes, drains before it is killed, and may do little", "[deploy]") {
  CHECK(StatefulSet()["spec"]["replicas"].as<int>() == 1);
  const YAML::Node pod = PodSpec();
  const auto pre_stop = Container()["lifecycle"]["preStop"]["exec"]["command"].as<std::vector<std::string>>();
  REQUIRE(pre_stop[0] == "sleep");
  const double grace_s = pod["terminationGracePeriodSeconds"].as<double>();
  CHECK(grace_s >= std::stod(pre_stop[1]) + Policy().serve.drain_s + 10);
  CHECK(pod["securityContext"]["runAsNonRoot"].as<bool>());
  CHECK(pod["securityContext"]["seccompProfile"]["type"].as<std::string>() == "RuntimeDefault");
  const YAML::Node context = Container()["securityContext"];
  CHECK(!context["allowPrivilegeEscalation"].as<bool>());
  CHECK(context["readOnlyRootFilesystem"].as<bool>());
  CHECK(context["capabilities"]["drop"].as<std::vector<std::string>>() == std::vector<std::string>{"ALL"});
}

TEST_CASE("the probes' pages answer when the server runs on the ConfigMap's policy", "[deploy]") {
  const TempFolder folder;
  const std::string path = folder.Path("policy.yaml");
  std::ofstream(path) << PolicyText();
  ChildProcess server({"serve", "--config", path, "--db", folder.Path("log.db"), "--listen", "127.0.0.1:0",
                       "--admin-listen", "127.0.0.1:0", "--set", "serve.tls={}", "--set", "serve.keys_file=\"\""});
  const std::string admin = server.WaitForStderr("admin port on ");
  server.WaitForStderr("ready on ");
  for (const char* const probe : {"startupProbe", "livenessProbe", "readinessProbe"}) {
    const YAML::Node page = Container()[probe]["httpGet"];
    INFO(probe << " " << admin);
    CHECK(page["port"].as<std::string>() == "admin");
    CHECK(HttpStatus(admin + page["path"].as<std::string>()) == 200);
  }
}

TEST_CASE("the example of the keys is refused until a key is put in", "[deploy]") {
  const TempFolder folder;
  const std::string policy = folder.Path("policy.yaml"), keys = folder.Path("keys.yaml");
  std::ofstream(policy) << PolicyText();
  std::ofstream(keys) << Documents("secret.example.yaml").at(0)["stringData"]["keys.yaml"].as<std::string>();
  const std::vector<std::string> args = {"serve",    "--config",    policy,  "--db",         folder.Path("log.db"),
                                         "--listen", "127.0.0.1:0", "--set", "serve.tls={}", "--set",
                                         "serve.admin_listen=\"\"", "--set", "serve.keys_file=" + keys};
  {
    ChildProcess refused(args);
    CHECK(refused.Wait().code == 1);
    CHECK(refused.err().find("0.sha256: expected") != std::string::npos);
  }
  ChildProcess maker({"new-key", "--name", "checkout", "--scopes", "route,feedback"});
  REQUIRE(maker.Wait().code == 0);
  std::ofstream(keys) << maker.out();
  ChildProcess server(args);
  server.WaitForStderr("ready on ");
}

}  // namespace suffice
