package dev.psc.examples.spring;

import java.util.List;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** A controller that reads a database. */
@RestController
class OrderController {

  private final JdbcTemplate database;

  OrderController(JdbcTemplate database) {
    this.database = database;
  }

  /** Returns a number that is expensive to calculate. */
  @GetMapping("/orders/{id}")
  long order(@PathVariable("id") long id) {
    List<Long> items =
        database.query(
            "SELECT x FROM SYSTEM_RANGE(1, 1000) WHERE x > ?", (row, number) -> row.getLong(1), id);
    long sum = System.nanoTime();
    for (long item : items) {
      for (int i = 0; i < 20_000; i++) {
        sum = sum * 31 + item;
      }
    }
    return sum;
  }
}
