"""Local models that answer in the shapes of Comprehend, Rekognition and Lex."""
