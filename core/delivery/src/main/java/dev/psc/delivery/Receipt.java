package dev.psc.delivery;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.status.Durability;
import java.util.concurrent.CompletionStage;

/**
 * The result of submitting a profile, with a stage for its durability. Immutable.
 *
 * @param acceptance whether the profile was accepted
 * @param durability completes, never exceptionally and on a thread of the delivery that must not be
 *     blocked, as soon as the profile is on disk, sent, or lost, whichever comes first; completed
 *     with {@link Durability#LOST} when the profile was refused
 */
public record Receipt(Acceptance acceptance, CompletionStage<Durability> durability) {}
