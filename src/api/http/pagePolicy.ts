import { secureHeaders } from 'hono/secure-headers'

/** What a page may load: files of this server. @param more what it may beside that. */
export const pagePolicy = (more: Record<string, string[]> = {}) =>
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      ...more,
    },
    // Only the proxy that terminates TLS knows whether the host name is HTTPS only.
    strictTransportSecurity: false,
  })
