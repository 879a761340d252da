// A Worker for recordings: rooms that hibernate, rooms that do not, and sockets that end in the Worker.
import { DurableObject } from "cloudflare:workers";

const ANSWER = "canary-answer".padEnd(100, ".");

function answer(message) {
  return typeof message === "string" ? ANSWER : new Uint8Array(100);
}

function keep(socket) {
  socket.accept();
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => socket.send(answer(data)));
  socket.addEventListener("close", ({ code }) => socket.close(code === 1006 ? 1011 : code));
}

function wantsSocket(request) {
  return request.headers.get("Upgrade") === "websocket";
}

function upgraded(take) {
  const [client, server] = Object.values(new WebSocketPair());
  take(server);
  return new Response(null, { status: 101, webSocket: client });
}

export class Room extends DurableObject {
  async fetch(request) {
    if (wantsSocket(request)) return upgraded((socket) => this.ctx.acceptWebSocket(socket));
    await this.ctx.storage.setAlarm(Date.now() + 200);
    return new Response("rings soon");
  }
  webSocketMessage(socket, message) {
    socket.send(answer(message));
  }
  webSocketClose(socket, code) {
    socket.close(code === 1006 ? 1011 : code);
  }
  alarm() {}
  count() {
    return this.ctx.getWebSockets().length;
  }
}

export class Hall extends DurableObject {
  fetch() {
    return upgraded(keep);
  }
}

export default {
  async fetch(request, env) {
    const [, kind, name] = new URL(request.url).pathname.split("/");
    const room = (objects) => objects.get(objects.idFromName(name));
    if (kind === "room") return room(env.ROOMS).fetch(request);
    if (kind === "hall") return room(env.HALLS).fetch(request);
    if (kind === "echo" && wantsSocket(request)) return upgraded(keep);
    if (kind === "ask") return room(env.ROOMS).fetch(request);
    if (kind === "call") return new Response(await room(env.ROOMS).count());
    return new Response("<!doctype html><title>chat</title>", { headers: { "content-type": "text/html" } });
  },
};
