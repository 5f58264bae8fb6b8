package dev.psc.examples.benchmarks.truth;

import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.ByteBuffersDirectory;

/** Lucene: one thread adds documents to an index in memory, another one searches it. */
public final class FullTextSearch implements TruthProgram {

  private static final int FIRST_DOCUMENTS = 20_000;
  private static final int WORDS_PER_DOCUMENT = 120;

  @Override
  public String name() {
    return "lucene";
  }

  @Override
  public String threads() {
    return "platform";
  }

  @Override
  public List<String> collectors() {
    return List.of("G1", "Parallel");
  }

  @Override
  public void measure(TruthCapture capture) throws Exception {
    ByteBuffersDirectory directory = new ByteBuffersDirectory();
    IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig(new StandardAnalyzer()));
    SplittableRandom words = new SplittableRandom(1);
    for (int i = 0; i < FIRST_DOCUMENTS; i++) {
      writer.addDocument(document(words));
    }
    writer.commit();
    IndexSearcher searcher = new IndexSearcher(DirectoryReader.open(directory));
    SplittableRandom queries = new SplittableRandom(2);
    Thread indexing = Work.repeat("indexing", () -> index(writer, words));
    Thread searching = Work.repeat("searching", () -> search(searcher, queries));
    Work.sleep(8_000);
    capture.cpuTotal(capture.cpuNextToAsyncProfiler(15, List.of()));
    if (!indexing.isAlive() || !searching.isAlive()) {
      throw new IOException("the work ended early");
    }
  }

  /** Replaces documents, so that the index keeps its size. */
  private static void index(IndexWriter writer, SplittableRandom random) throws IOException {
    for (int i = 0; i < 100; i++) {
      writer.addDocument(document(random));
    }
    writer.deleteDocuments(new TermQuery(new Term("text", word(random))));
    writer.commit();
  }

  private static void search(IndexSearcher searcher, SplittableRandom random) throws IOException {
    BooleanQuery query =
        new BooleanQuery.Builder()
            .add(new TermQuery(new Term("text", word(random))), Occur.MUST)
            .add(new TermQuery(new Term("text", word(random))), Occur.SHOULD)
            .add(new PhraseQuery(2, "text", word(random), word(random)), Occur.SHOULD)
            .build();
    if (searcher.search(query, 20).scoreDocs.length > 20) {
      throw new IllegalStateException("more results than asked for");
    }
  }

  private static Document document(SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < WORDS_PER_DOCUMENT; i++) {
      text.append(word(random)).append(' ');
    }
    Document document = new Document();
    document.add(new TextField("text", text.toString(), Field.Store.YES));
    document.add(new NumericDocValuesField("length", text.length()));
    return document;
  }

  /** Few words are frequent and many are rare, as in languages. */
  private static String word(SplittableRandom random) {
    return "w" + Integer.toString((int) (5_000 * Math.pow(random.nextDouble(), 3)), 36);
  }
}
