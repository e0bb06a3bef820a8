/**
 * Answers a client's close frame: the runtime does not, for hibernatable sockets, and throws on
 * codes that must not be sent (1004–1006, 1015).
 */
export function answerClose(socket: WebSocket, code: number): void {
  try {
    if (code === 1000 || (code >= 3000 && code <= 4999)) socket.close(code);
    else socket.close();
  } catch {
    // The connection is gone already.
  }
}
