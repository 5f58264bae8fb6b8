package dev.psc.examples.benchmarks.truth;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.SplittableRandom;

/** H2 in memory: transactions, joins and sorted results of two connections. */
public final class Database implements TruthProgram {

  private static final String URL = "jdbc:h2:mem:truth;DB_CLOSE_DELAY=-1";
  private static final int ROWS = 20_000;

  @Override
  public String name() {
    return "h2";
  }

  @Override
  public List<String> collectors() {
    return List.of("G1", "Parallel");
  }

  @Override
  public void measure(TruthCapture capture) throws Exception {
    try (Connection connection = DriverManager.getConnection(URL)) {
      create(connection);
    }
    for (String name : List.of("customer-a", "customer-b")) {
      Connection connection = DriverManager.getConnection(URL);
      SplittableRandom random = new SplittableRandom(name.hashCode());
      Thread unused = Work.repeat(name, () -> work(connection, random));
    }
    Work.sleep(8_000);
    capture.cpuTotal(capture.cpuNextToAsyncProfiler(15, List.of()));
  }

  private static void create(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("create table item(id int primary key, name varchar(40), price int)");
      statement.execute("create table sale(id identity primary key, item int, amount int)");
      statement.execute("create index sale_item on sale(item)");
    }
    try (PreparedStatement item = connection.prepareStatement("insert into item values (?, ?, ?)");
        PreparedStatement sale =
            connection.prepareStatement("insert into sale(item, amount) values (?, ?)")) {
      for (int i = 0; i < ROWS; i++) {
        item.setInt(1, i);
        item.setString(2, "item " + i);
        item.setInt(3, i % 97);
        item.executeUpdate();
        sale.setInt(1, i % 1_000);
        sale.setInt(2, i % 13);
        sale.executeUpdate();
      }
    }
  }

  private static void work(Connection connection, SplittableRandom random) throws SQLException {
    int item = random.nextInt(ROWS);
    connection.setAutoCommit(false);
    try (PreparedStatement update =
        connection.prepareStatement("update item set price = price + 1 where id = ?")) {
      update.setInt(1, item);
      update.executeUpdate();
      connection.commit();
    } catch (SQLException e) {
      connection.rollback(); // the other connection had the row
    }
    try (PreparedStatement query =
        connection.prepareStatement(
            "select i.name, sum(s.amount * i.price) as total from item i join sale s on s.item ="
                + " i.id where i.id between ? and ? group by i.name order by total desc")) {
      query.setInt(1, item % 900);
      query.setInt(2, item % 900 + 50);
      try (ResultSet rows = query.executeQuery()) {
        long sum = 0;
        while (rows.next()) {
          sum += rows.getString(1).length() + rows.getLong(2);
        }
        if (sum < 0) {
          throw new IllegalStateException("a sum of prices is negative");
        }
      }
    }
    connection.commit();
  }
}
