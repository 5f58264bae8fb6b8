/**
 * PEM, proxy rules, JSON and log texts for the other modules of this project; not for applications.
 */
@NullMarked
package dev.psc.net;

import org.jspecify.annotations.NullMarked;
