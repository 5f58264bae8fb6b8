package dev.psc.examples.recipes;

/** Calculations that cost CPU time. */
final class Orders {

  private Orders() {}

  /** Returns a number that takes a few milliseconds to calculate. */
  static long price(String order) {
    long price = order.hashCode();
    for (int i = 0; i < 5_000_000; i++) {
      price = price * 31 + i;
    }
    return price;
  }
}
