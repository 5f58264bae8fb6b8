/**
 * The cloud's access model as a library: organizations, service accounts, roles, bindings, tokens,
 * and the server interceptor that decides by them.
 */
@NullMarked
package dev.psc.auth.iam;

import org.jspecify.annotations.NullMarked;
