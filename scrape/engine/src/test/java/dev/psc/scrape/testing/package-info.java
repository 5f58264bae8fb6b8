/** What tests of discoveries share. */
package dev.psc.scrape.testing;
