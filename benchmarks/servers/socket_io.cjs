// Socket.IO with its Redis adapter, as their documentation shows them. Whoever connects with ?room=R
// joins R; "r" sends to everybody in it, over all processes.
// node socket_io.cjs PORT REDIS_SOCKET      (packages are found through NODE_PATH)
const { createServer } = require("node:http");
const { Server } = require("socket.io");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");
const [port, path] = process.argv.slice(2);

async function main() {
  const pubClient = createClient({ socket: { path } });
  const subClient = pubClient.duplicate();
  await Promise.all([pubClient.connect(), subClient.connect()]);
  const server = createServer();
  const io = new Server(server, { adapter: createAdapter(pubClient, subClient) });
  io.on("connection", (socket) => {
    const room = String(socket.handshake.query.room);
    socket.join(room);
    socket.on("r", (message) => io.to(room).emit("m", message));
  });
  server.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 }, () => console.log("ready"));
}

main();
