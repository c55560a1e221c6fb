// Node's `ws` as its documentation shows it: /echo sends back, /room sends to everybody in the room
// that the path names. node node_ws.cjs PORT [--compression]
// `ws` is found through NODE_PATH.
const { WebSocketServer, WebSocket } = require("ws");
const compression = process.argv.includes("--compression");
const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  backlog: 4096,
  // By default messages under 1,024 bytes are not compressed; ours are, so these are, too.
  perMessageDeflate: compression ? { threshold: 0 } : false,
});
const rooms = new Map();

server.on("connection", (socket, request) => {
  if (request.url === "/echo") {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    return;
  }
  let room = rooms.get(request.url);
  if (room === undefined) rooms.set(request.url, (room = new Set()));
  room.add(socket);
  socket.on("message", (data, isBinary) => {
    for (const member of room) {
      if (member.readyState === WebSocket.OPEN) member.send(data, { binary: isBinary });
    }
  });
  socket.on("close", () => {
    room.delete(socket);
    if (room.size === 0) rooms.delete(request.url);
  });
  socket.on("error", () => {});
});
server.on("listening", () => console.log("ready"));
