// Socket.IO as its documentation shows it, with or without connection state recovery.
// node trust_socket_io.cjs [--recovery] PORT      (packages are found through NODE_PATH)
const { createServer } = require("node:http");
const { Server } = require("socket.io");
const recovers = process.argv.includes("--recovery");
const server = createServer();
const recovery = { connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1000 } };
const io = new Server(server, recovers ? recovery : {});
io.on("connection", (socket) => {
  socket.join("trust");
  socket.on("n", (message) => io.to("trust").emit("n", message));
});
const port = Number(process.argv.at(-1));
server.listen({ port, host: "127.0.0.1", backlog: 4096 }, () => console.log("ready"));
