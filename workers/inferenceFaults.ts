/** It is the server's fault: another one may do better. The message is for people, says nothing secret and is the same for the same fault. */
export class ServerFault extends Error {
  override readonly name = 'ServerFault'
}

/** It is the request's fault: every server would refuse it. */
export class RequestFault extends Error {
  override readonly name = 'RequestFault'
}
