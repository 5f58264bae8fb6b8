package dev.psc.auth.iam;

import dev.psc.auth.BearerToken;

/**
 * A new token, the one time that it can be seen. Its text form is a placeholder; {@code
 * token().reveal()} is what its owner must get.
 *
 * @param <T> the kind of token
 * @param token the secret
 * @param info what stays known of it
 */
public record IssuedToken<T extends BearerToken>(T token, TokenInfo info) {}
