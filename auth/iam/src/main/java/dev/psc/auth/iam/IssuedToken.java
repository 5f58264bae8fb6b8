package dev.psc.auth.iam;

import dev.psc.auth.BearerToken;

/**
 * A new token. It cannot be read again later: pass {@code token().reveal()} to its owner. {@code
 * toString} contains a placeholder only.
 *
 * @param <T> the kind of token
 * @param token the secret
 * @param info the stored facts about the token
 */
public record IssuedToken<T extends BearerToken>(T token, TokenInfo info) {}
