/** Tokens, project ids and the interceptor that attaches them to gRPC calls. */
@NullMarked
package dev.psc.auth;

import org.jspecify.annotations.NullMarked;
