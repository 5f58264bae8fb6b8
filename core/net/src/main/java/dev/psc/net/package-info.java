/** PEM, proxy rules and JSON for the other modules of this project; not for applications. */
@NullMarked
package dev.psc.net;

import org.jspecify.annotations.NullMarked;
