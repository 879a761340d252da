using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "chat", worker = .chat),
    (name = "tail", worker = (compatibilityDate = "2026-04-07", modules = [(name = "tail", esModule = embed "tail.js")])),
  ],
  sockets = [(name = "http", http = (), service = "chat")],
);

const chat :Workerd.Worker = (
  compatibilityDate = "2026-04-07",
  modules = [(name = "chat", esModule = embed "worker.js")],
  durableObjectNamespaces = [
    (className = "Room", uniqueKey = "rooms", enableSql = true),
    (className = "Hall", uniqueKey = "halls", enableSql = true),
  ],
  durableObjectStorage = (inMemory = void),
  bindings = [
    (name = "ROOMS", durableObjectNamespace = "Room"),
    (name = "HALLS", durableObjectNamespace = "Hall"),
  ],
  tails = ["tail"],
);
