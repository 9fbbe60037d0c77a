//! Docker's authorization plugin protocol: wire, input, verdict, socket.
