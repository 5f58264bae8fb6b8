/** Tokens, project ids, and what puts them on a gRPC call. */
@NullMarked
package dev.psc.auth;

import org.jspecify.annotations.NullMarked;
