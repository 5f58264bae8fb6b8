package dev.psc.examples.benchmarks.truth;

import java.io.IOException;
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

/** Lucene's index in memory of generated documents. One thread may add and another one search. */
final class FullTextIndex {

  private static final int FIRST_DOCUMENTS = 20_000;
  private static final int WORDS_PER_DOCUMENT = 120;

  private final IndexWriter writer;
  private final IndexSearcher searcher;
  private final SplittableRandom words = new SplittableRandom(1);
  private final SplittableRandom queries = new SplittableRandom(2);

  FullTextIndex() throws IOException {
    ByteBuffersDirectory directory = new ByteBuffersDirectory();
    writer = new IndexWriter(directory, new IndexWriterConfig(new StandardAnalyzer()));
    for (int i = 0; i < FIRST_DOCUMENTS; i++) {
      writer.addDocument(document());
    }
    writer.commit();
    searcher = new IndexSearcher(DirectoryReader.open(directory));
  }

  /** Adds documents and deletes others, so that the index keeps about its size. */
  void add() throws IOException {
    for (int i = 0; i < 100; i++) {
      writer.addDocument(document());
    }
    writer.deleteDocuments(new TermQuery(new Term("text", word(words))));
    writer.commit();
  }

  /** Searches the documents that were there first. */
  void search() throws IOException {
    BooleanQuery query =
        new BooleanQuery.Builder()
            .add(new TermQuery(new Term("text", word(queries))), Occur.MUST)
            .add(new TermQuery(new Term("text", word(queries))), Occur.SHOULD)
            .add(new PhraseQuery(2, "text", word(queries), word(queries)), Occur.SHOULD)
            .build();
    if (searcher.search(query, 20).scoreDocs.length > 20) {
      throw new IllegalStateException("more results than asked for");
    }
  }

  private Document document() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < WORDS_PER_DOCUMENT; i++) {
      text.append(word(words)).append(' ');
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
