package dev.psc.scraper.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import java.util.List;
import java.util.Locale;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** The log configuration of the process: one line per event on standard error. */
public final class LogSetup {

  public static final List<String> LEVELS = List.of("error", "warn", "info", "debug");
  public static final List<String> FORMATS = List.of("logfmt", "json");

  private LogSetup() {}

  /**
   * Replaces the logging configuration of the process.
   *
   * @param level one of {@link #LEVELS}
   * @param format one of {@link #FORMATS}
   */
  public static void apply(String level, String format) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    LogLines encoder = new LogLines(format.equals("json"));
    encoder.setContext(context);
    encoder.start();
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setTarget("System.err");
    appender.setEncoder(encoder);
    appender.start();
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(appender);
    context.getLogger("dev.psc").setLevel(Level.toLevel(level.toUpperCase(Locale.ROOT)));
    if (level.equals("error")) {
      root.setLevel(Level.ERROR);
    }
    if (!level.equals("debug")) {
      // StoreConnection logs the events of queue and sender; do not log them twice.
      context.getLogger("dev.psc.delivery").setLevel(Level.ERROR);
    }
    // grpc-java logs header values that it refuses, as numbers: they may be secrets.
    context.getLogger("io.grpc.netty.shaded.io.grpc.netty.TransportFrameUtil").setLevel(Level.OFF);
    context.getLogger("io.grpc.internal.TransportFrameUtil").setLevel(Level.OFF);
    // They log a stack trace for each connection of a hostile client.
    for (String name : List.of("NettyServerHandler", "NettyServerTransport")) {
      context.getLogger("io.grpc.netty.shaded.io.grpc.netty." + name).setLevel(Level.OFF);
    }
    // It warns at every start that in-process channels have no TCP options.
    context
        .getLogger("io.grpc.netty.shaded.io.netty.bootstrap.ServerBootstrap")
        .setLevel(Level.ERROR);
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
  }
}
