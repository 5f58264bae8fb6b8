/**
 * Service account tokens, project ids, the gRPC client interceptor, and the access model of the
 * cloud.
 */
@NullMarked
package dev.psc.auth;

import org.jspecify.annotations.NullMarked;
